import { Readable } from 'node:stream';
import { checkFileName, FileMissingError, type FileStore } from './file-store';
import type * as Sdk from '@aws-sdk/client-s3';
import type { MultipartUpload, S3Client } from '@aws-sdk/client-s3';

export interface S3Settings {
  /** Amazon's when left out. */
  endpoint?: string;
  bucket: string;
  region: string;
  /** When left out, the SDK looks for them in its usual places. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** The prefix of every key. It ends with a slash, or is empty. */
  prefix: string;
  isPathStyleForced: boolean;
}

/** S3 allows 10,000 parts, so a file has at most 80 GB. Two parts are in memory at once. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * A bucket of an S3-compatible server. A file is visible only once its last part has been confirmed. The SDK is
 * loaded at the first use, so that a process without a bucket does not spend memory on it.
 */
export function createS3FileStore(settings: S3Settings): FileStore {
  const { bucket: Bucket } = settings;
  const keyOf = (name: string) => `${settings.prefix}${checkFileName(name)}`;
  let loaded: Promise<{ sdk: typeof Sdk; client: S3Client }> | undefined;
  const connect = () =>
    (loaded ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        endpoint: settings.endpoint,
        region: settings.region,
        credentials: settings.credentials,
        forcePathStyle: settings.isPathStyleForced,
        // Not every S3-compatible server knows the newer checksums.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
    })));

  /** Multipart uploads that have begun and not ended. */
  async function* uploads(prefix: string): AsyncGenerator<MultipartUpload> {
    const { client, sdk } = await connect();
    let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (;;) {
      const page = await client
        .send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...markers }))
        .catch((error: unknown) => {
          // Some servers cannot list uploads and remove them by themselves.
          if ((error as Error).name === 'NotImplemented') return undefined;
          throw error;
        });
      yield* page?.Uploads ?? [];
      if (!page?.IsTruncated) return;
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }
  async function end({ Key, UploadId }: MultipartUpload): Promise<void> {
    const { client, sdk } = await connect();
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }

  return {
    storage: 's3',

    async write(name, content, signal) {
      const { client } = await connect();
      const { Upload } = await import('@aws-sdk/lib-storage');
      signal.throwIfAborted();
      const source = notingFailure(content);
      const upload = new Upload({
        client,
        params: { Bucket, Key: keyOf(name), Body: Readable.from(source.content, { objectMode: false }) },
        partSize: PART_BYTES,
        queueSize: 1,
      });
      const abort = () => void upload.abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        await upload.done();
      } catch (error) {
        // The cause of the abort is thrown, not the server's response to it.
        throw signal.aborted ? signal.reason : (source.failure() ?? error);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },

    async read(name, range) {
      const { client, sdk } = await connect();
      try {
        const { Body } = await client.send(
          new sdk.GetObjectCommand({
            Bucket,
            Key: keyOf(name),
            ...(range && { Range: `bytes=${range.start}-${range.end}` }),
          }),
        );
        return Body as Readable;
      } catch (error) {
        throw ['NoSuchKey', 'NotFound'].includes((error as Error).name) ? new FileMissingError(name) : error;
      }
    },

    async remove(name) {
      const { client, sdk } = await connect();
      const key = { Bucket, Key: keyOf(name) };
      // S3 answers the removal of a missing key like any other, so the file is looked up first.
      const isThere = await client.send(new sdk.HeadObjectCommand(key)).then(
        () => true,
        (error: unknown) =>
          ['NoSuchKey', 'NotFound'].includes((error as Error).name) ? false : Promise.reject(error as Error),
      );
      if (isThere) await client.send(new sdk.DeleteObjectCommand(key));
      return isThere;
    },

    async discard(name) {
      const key = keyOf(name);
      for await (const upload of uploads(key)) if (upload.Key === key) await end(upload);
    },

    async sweep(brokenOffBefore, isDryRun) {
      let found = 0;
      for await (const upload of uploads(settings.prefix)) {
        if (!upload.Initiated || upload.Initiated >= brokenOffBefore) continue;
        found += 1;
        if (!isDryRun) await end(upload);
      }
      return found;
    },
  };
}

function notingFailure(content: AsyncIterable<Uint8Array>) {
  let failure: unknown;
  async function* noted(): AsyncGenerator<Uint8Array> {
    try {
      yield* content;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { content: noted(), failure: () => failure };
}
