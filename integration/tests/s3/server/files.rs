//! Files of s3s-fs, with the answers of S3 where it gives others.

use crate::fault::http::encode;
use futures_util::future::BoxFuture;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput,
        CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
        DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, GetObjectInput,
        GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
        ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
        UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};
use s3s_fs::FileSystem;
use std::path::PathBuf;

/// Two things s3s-fs does not do: in listings it tells no tags and does not encode keys though it says so, and a
/// folder of the host is a file to it.
pub(super) struct Files {
    pub(super) inner: FileSystem,
    pub(super) root: PathBuf,
}

type Answer<'a, T> = BoxFuture<'a, S3Result<S3Response<T>>>;

/// The methods of the trait as `async_trait` makes them: what it would wrap once more is handed on as it is.
macro_rules! as_they_are {
    ($($name:ident($input:ident) -> $output:ident;)*) => {$(
        fn $name<'a, 'b>(&'a self, request: S3Request<$input>) -> Answer<'b, $output>
        where
            'a: 'b,
            Self: 'b,
        {
            self.inner.$name(request)
        }
    )*};
}

impl S3 for Files {
    as_they_are! {
        put_object(PutObjectInput) -> PutObjectOutput;
        copy_object(CopyObjectInput) -> CopyObjectOutput;
        delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
        upload_part(UploadPartInput) -> UploadPartOutput;
        upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput;
        complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
        abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    }

    fn get_object<'a, 'b>(
        &'a self,
        request: S3Request<GetObjectInput>,
    ) -> Answer<'b, GetObjectOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.is_folder(&request.input.key) {
            return Box::pin(async { Err(s3_error!(NoSuchKey)) });
        }
        self.inner.get_object(request)
    }

    fn head_object<'a, 'b>(
        &'a self,
        request: S3Request<HeadObjectInput>,
    ) -> Answer<'b, HeadObjectOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.is_folder(&request.input.key) {
            return Box::pin(async { Err(s3_error!(NoSuchKey)) });
        }
        self.inner.head_object(request)
    }

    fn list_objects_v2<'a, 'b>(
        &'a self,
        request: S3Request<ListObjectsV2Input>,
    ) -> Answer<'b, ListObjectsV2Output>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.list(request))
    }
}

impl Files {
    fn is_folder(&self, key: &str) -> bool {
        self.root.join("bucket").join(key).is_dir()
    }

    async fn list(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let bucket = request.input.bucket.clone();
        let encodes = request.input.encoding_type.is_some();
        let asking = request.clone();
        let mut answer = self.inner.list_objects_v2(request).await?;
        for object in answer.output.contents.iter_mut().flatten() {
            let key = object.key.clone().unwrap_or_default();
            let asked = HeadObjectInput::builder()
                .bucket(bucket.clone())
                .key(key)
                .build()
                .unwrap();
            let asked = asking.clone().map_input(|_| asked);
            object.e_tag = self.inner.head_object(asked).await?.output.e_tag;
        }
        if encodes {
            for object in answer.output.contents.iter_mut().flatten() {
                object.key = object.key.as_deref().map(encode);
            }
            for folder in answer.output.common_prefixes.iter_mut().flatten() {
                folder.prefix = folder.prefix.as_deref().map(encode);
            }
        }
        Ok(answer)
    }
}
