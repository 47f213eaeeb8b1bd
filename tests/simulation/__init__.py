"""The shipped code in a world that one seed decides: time, threads, processes, lakes and an API, all in one thread."""
