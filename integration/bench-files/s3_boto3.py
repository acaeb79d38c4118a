"""boto3 as a client of the S3 comparison:
s3_boto3.py up|down KEY FILE prints its seconds, those of CPU time
without the start, and MiB resident."""

import os
import sys
import time

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

way, key, file = sys.argv[1:]
bucket = os.environ["RF_TEST_S3_BUCKET"]
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["RF_TEST_S3_ENDPOINT"],
    aws_access_key_id=os.environ["RF_TEST_S3_ACCESS_KEY"],
    aws_secret_access_key=os.environ["RF_TEST_S3_SECRET_KEY"],
    region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}),
)
# Making a client takes it a while, once: not part of a transfer.
begin, cpu = time.monotonic(), time.process_time()
parts = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
if way == "up":
    s3.upload_file(file, bucket, key, Config=parts)
else:
    s3.download_file(bucket, key, file, Config=parts)
taken = time.monotonic() - begin
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
print(taken, time.process_time() - cpu, peak)
