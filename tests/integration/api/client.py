"""A client of the API by Python's own library; and one that follows a stream.
"""
import http.client
import json
import ssl
import urllib.parse


class Answer:
    def __init__(self, response, bytes_):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.type = self.headers.get("content-type", "").split(";")[0]
        self.bytes = bytes_
        self.json = None
        if self.type.endswith("json") and bytes_:
            self.json = json.loads(bytes_)

    def __repr__(self):
        return f"{self.status} {self.bytes[:300]!r}"


class Client:
    """authorization: the header's value; "" for none."""
    def __init__(self, port, ca, authorization):
        self.where_from = port, ca
        self.where = port, ssl.create_default_context(cafile=ca)
        self.authorization = authorization
        self.connection = None

    def connect(self):
        port, context = self.where
        return http.client.HTTPSConnection("localhost", port, context=context,
                                           timeout=300)

    def headers(self, body, more):
        headers = {}
        if self.authorization:
            headers["Authorization"] = self.authorization
        if body is not None:
            headers["Content-Type"] = "application/json"
        headers.update(more)
        return {k: v for k, v in headers.items() if v is not None}

    def call(self, method, path, body=None, query=None, **more):
        """path below /api/v1; more: headers with "_" for "-". A body that is
        bytes goes as it is."""
        target = "/api/v1" + path
        if query:
            target += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = self.headers(
            body, {k.replace("_", "-"): v for k, v in more.items()})
        for again in (True, False):
            try:
                if self.connection is None:
                    self.connection = self.connect()
                self.connection.request(method, target, body, headers)
                response = self.connection.getresponse()
                return Answer(response, response.read())
            except (http.client.HTTPException, OSError):
                self.connection = None  # it was idle too long, or refused
                if not again:
                    raise

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def follow(self, path, **more):
        return Stream(self, path, more)


class Stream:
    def __init__(self, client, path, more):
        self.connection = client.connect()
        self.connection.request(
            "GET", "/api/v1" + path,
            headers=client.headers(
                None, {k.replace("_", "-"): v for k, v in more.items()}))
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.type = self.response.getheader("Content-Type")

    def __iter__(self):
        """(event, id, data) as they come, to the end of the stream."""
        event, number, data = "", None, None
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line == "" and data is not None:
                yield event, number, json.loads(data)
                event, number, data = "", None, None
            elif line.startswith("data: "):
                data = line[6:]
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("id: "):
                number = line[4:]

    def close(self):
        self.connection.close()
