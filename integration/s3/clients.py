"""Our links and files in the hands of other clients: boto3, urllib, curl, rclone.

clients.py S3-LINKS RCLONE signatures|none; the server stands in RF_TEST_S3_*, and `signatures` says that it checks
them. The first finding ends the run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

LINKS, RCLONE, CHECKED = sys.argv[1], sys.argv[2], sys.argv[3] == "signatures"
ENDPOINT, BUCKET = os.environ["RF_TEST_S3_ENDPOINT"], os.environ["RF_TEST_S3_BUCKET"]
KEYS = os.environ["RF_TEST_S3_ACCESS_KEY"], os.environ["RF_TEST_S3_SECRET_KEY"]
OURS = "ours: ünï\n".encode() * 3


def ours(*arguments, content=b""):
    done = subprocess.run([LINKS, *arguments], input=content, stdout=subprocess.PIPE, check=True)
    return done.stdout


def expect(what, got, *wanted):
    if got not in wanted:
        sys.exit(f"{what}: {got!r} instead of {' or '.join(map(repr, wanted))}")
    print(f"ok: {what}")


def send(link, content=None, url=None, method=None, **changed):
    """By urllib, with the headers the link asks for; the status and the body."""
    headers = {name.lower(): value for name, value in link["headers"]} | changed
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url or link["url"], content, headers, method=method or link["method"])
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def curl(link, *arguments):
    """By curl, the link as it is; the status."""
    headers = [part for name, value in link["headers"] for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-X", link["method"], *headers]
    done = subprocess.run([*command, *arguments, link["url"]], stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def form(link, content, content_type=None):
    """A browser's form by curl: the fields as they are, the file last."""
    fields = dict(map(tuple, link["fields"]))
    if content_type:
        fields["Content-Type"] = content_type
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        parts = [part for name, value in fields.items() for part in ("--form-string", f"{name}={value}")]
        return curl(link, *parts, "-F", f"file=@{file.name}")


def tampered(url):
    """Another signature, and another expiry."""
    at = url.index("X-Amz-Signature=") + len("X-Amz-Signature=")
    yield "signature", url[:at] + ("0" if url[at] != "0" else "1") + url[at + 1 :]
    at = url.index("X-Amz-Expires=") + len("X-Amz-Expires=")
    yield "expiry", url[:at] + "9" + url[at:]
    yield "key", url.replace("ours", "0urs")


def refused(what, attempt):
    """Not tried where signatures are believed as they come: it would do what it should not."""
    if CHECKED:
        expect(what, attempt(), 400, 403)


def downloads(s3):
    link = json.loads(ours("download", "60", "links/ours a+b.txt"))
    expect("urllib reads a link of ours", send(link), (200, OURS))
    expect("curl reads a link of ours", curl(link), 200)
    with tempfile.TemporaryDirectory() as folder:
        command = [RCLONE, "copyurl", link["url"], f"{folder}/file", "--config", ""]
        subprocess.run(command, check=True)
        with open(f"{folder}/file", "rb") as file:
            expect("rclone reads a link of ours", file.read(), OURS)
    for what, url in tampered(link["url"]):
        if CHECKED:
            expect(f"a link with another {what}", send(link, url=url)[0], 400, 403)
    refused("a download link used to remove", lambda: send(link, method="DELETE")[0])
    short = json.loads(ours("download", "1", "links/ours a+b.txt"))
    time.sleep(max(0.0, short["expires_at"] - time.time()) + 1.1)
    refused("an expired link", lambda: send(short)[0])
    body = s3.get_object(Bucket=BUCKET, Key="links/ours a+b.txt")
    expect("boto3 reads what we wrote", body["Body"].read(), OURS)
    expect("boto3 sees its type", body["ContentType"], "text/plain")


def uploads(s3):
    link = json.loads(ours("upload", "60", "links/put.txt", "text/plain"))
    expect("urllib writes by a link of ours", send(link, b"put by urllib")[0], 200, 201, 204)
    expect("we read what urllib wrote", ours("read", "links/put.txt"), b"put by urllib")
    expect("curl writes by a link of ours", curl(link, "--data-binary", "put by curl"), 200, 201, 204)
    found = s3.get_object(Bucket=BUCKET, Key="links/put.txt")
    expect("boto3 reads what curl wrote", found["Body"].read(), b"put by curl")
    expect("boto3 sees its type", found["ContentType"], "text/plain")
    refused("an upload of another type", lambda: send(link, b"<html>", content_type="text/html")[0])
    exact = json.loads(ours("upload", "60", "links/exact.txt", "text/plain", "5"))
    expect("an upload of the exact length", send(exact, b"exact")[0], 200, 201, 204)
    refused("a longer upload than was signed", lambda: send(exact, b"much too long", content_length="13")[0])
    if CHECKED:
        expect("what was refused is not there", ours("read", "links/exact.txt"), b"exact")


def forms(s3):
    link = json.loads(ours("form", "60", "links/form.txt", "text/plain", "1000"))
    expect("a form is posted", link["method"], "POST")
    status = form(link, b"by a form")
    if CHECKED and status == 400:
        # rclone's server looks for the signature where a form has none.
        print("note: this server takes no forms")
        return
    expect("curl posts a form of ours", status, 200, 201, 204)
    expect("we read what the form wrote", ours("read", "links/form.txt"), b"by a form")


def theirs(s3):
    content = os.urandom(9 << 20)
    s3.put_object(Bucket=BUCKET, Key="theirs/ünï a+b.bin", Body=content, ContentType="x/y")
    expect("we read what boto3 wrote", ours("read", "theirs/ünï a+b.bin") == content, True)
    ours("write", "ours/parts.bin", content=content)
    found = s3.get_object(Bucket=BUCKET, Key="ours/parts.bin")
    expect("boto3 reads the parts we wrote", found["Body"].read() == content, True)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="ours/")
    expect("boto3 lists what we wrote", [file["Key"] for file in listed["Contents"]], ["ours/parts.bin"])
    expect("no upload is left open", s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []), [])


def main():
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    s3 = boto3.client(
        "s3", endpoint_url=ENDPOINT, aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1],
        region_name="us-east-1", config=config,
    )
    ours("write", "links/ours a+b.txt", content=OURS)
    for part in (downloads, uploads, forms, theirs):
        part(s3)


main()
