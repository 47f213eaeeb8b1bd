"""The least that a client can do: libcurl fetches, signs and puts, in one thread; nothing is parsed or checked.

python floor_curl.py IDS_FILE BUCKET CONNECTIONS
"""

import io
import os
import sys
from collections import deque
from pathlib import Path

import pycurl

ids_file, bucket, connections = sys.argv[1:]
waiting = deque(Path(ids_file).read_text().split())
api, s3 = os.environ["TMDB_URL"], os.environ["AWS_ENDPOINT_URL_S3"]
headers = [f"Authorization: Bearer {os.environ['TMDB_TOKEN']}"]
key = f"{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}"
put_headers = ["Content-Type: application/json", "If-None-Match: *", "Expect:"]
multi = pycurl.CurlMulti()
multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, int(connections))


class Movie:
    """Two handles that are used again: one gets, one puts."""

    def __init__(self):
        self.got = pycurl.Curl()
        self.got.setopt(pycurl.HTTPHEADER, headers)
        self.put = pycurl.Curl()
        self.put.setopt(pycurl.UPLOAD, True)
        self.put.setopt(pycurl.AWS_SIGV4, f"aws:amz:{os.environ['AWS_REGION']}:s3")
        self.put.setopt(pycurl.USERPWD, key)
        self.put.setopt(pycurl.HTTPHEADER, put_headers)
        self.put.setopt(pycurl.WRITEFUNCTION, len)
        self.got.movie = self.put.movie = self

    def fetch(self):
        self.id, self.body = waiting.popleft(), io.BytesIO()
        self.got.setopt(pycurl.URL, f"{api}/movie/{self.id}?append_to_response={os.environ['TMDB_APPEND']}")
        self.got.setopt(pycurl.WRITEDATA, self.body)
        multi.add_handle(self.got)

    def land(self):
        self.put.setopt(pycurl.URL, f"{s3}/{bucket}/Raw/movie-{self.id}.json")
        self.put.setopt(pycurl.INFILESIZE, self.body.tell())
        self.body.seek(0)
        self.put.setopt(pycurl.READDATA, self.body)
        multi.add_handle(self.put)


movies = [Movie() for _ in range(min(int(connections), len(waiting)))]
for movie in movies:
    movie.fetch()
under_way = len(movies)
while under_way:
    multi.perform()
    _, done, failed = multi.info_read()
    if failed:
        sys.exit(f"{failed[0][2]}")
    for handle in done:
        multi.remove_handle(handle)
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        if status != 200:
            sys.exit(f"{handle.getinfo(pycurl.EFFECTIVE_URL)}: {status}")
        if handle is handle.movie.got:
            handle.movie.land()
        elif waiting:
            handle.movie.fetch()
        else:
            under_way -= 1
    if not done:
        multi.select(1.0)
