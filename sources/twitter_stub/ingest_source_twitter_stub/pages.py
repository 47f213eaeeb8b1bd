"""The API that is not there: deterministic pages of made-up posts, newest first, as `GET /2/tweets/search/recent`."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

POSTS_A_DAY = 40
_WORDS = ("dados", "filme", "série", "lançamento", "pipeline", "lago", "café", "sábado", "🎬", "estreia")
_EPOCH = dt.date(2020, 1, 1)


def page(query: str, day: dt.date, since_id: str | None, token: str | None, size: int) -> bytes:
    """One page of the posts of `day` about `query` that are newer than `since_id`.

    `data` holds at most `size` posts, `includes.users` their authors; `meta` has `newest_id`, `oldest_id`,
    `result_count` and, where more follows, `next_token` (see X's "search recent Posts").
    """
    ids = [id for id in _ids(day) if since_id is None or int(id) > int(since_id)]
    start = int(token.removeprefix("t")) if token else 0
    some = ids[start : start + size]
    posts = [_post(query, day, id) for id in some]
    meta: dict[str, object] = {"result_count": len(some)}
    if some:
        meta |= {"newest_id": some[0], "oldest_id": some[-1]}
    if start + size < len(ids):
        meta["next_token"] = f"t{start + size}"
    users = [
        {"id": author, "name": f"Pessoa {author[-2:]}", "username": f"pessoa{author[-2:]}"}
        for author in sorted({str(post["author_id"]) for post in posts})
    ]
    whole = {"data": posts, "includes": {"users": users}, "meta": meta} if some else {"meta": meta}
    return json.dumps(whole, ensure_ascii=False).encode()


def _ids(day: dt.date) -> list[str]:
    first = 1_212_092_628_029_698_048 + (day - _EPOCH).days * 362_387_865_600_000
    return [str(first + number * 8_000_000_000_000) for number in range(POSTS_A_DAY, 0, -1)]


def _post(query: str, day: dt.date, id: str) -> dict[str, object]:
    digest = hashlib.sha256(f"{query}/{id}".encode()).digest()
    words = " ".join(_WORDS[byte % len(_WORDS)] for byte in digest[:8])
    created = dt.datetime.combine(day, dt.time(digest[8] % 24, digest[9] % 60), dt.UTC)
    return {
        "id": id,
        "text": f"{query}: {words}",
        "author_id": str(1000 + digest[10] % 20),
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "edit_history_tweet_ids": [id],
        "public_metrics": {"like_count": digest[11], "reply_count": digest[12] % 10, "retweet_count": digest[13] % 30},
    }
