import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type Bilingual, inLanguage, type Language, LicenseError } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';
import { idempotent } from '../../licensing/idempotent.ts';
import { acceptUploads } from '../../licensing/preauthorization/accept-uploads.ts';
import type { Upload } from '../../licensing/preauthorization/enter-upload.ts';
import type { ReceivedFile } from '../../licensing/preauthorization/receive-file.ts';
import type { Arrival, Uploads } from '../../licensing/preauthorization/uploads.ts';
import { requireApp } from '../../licensing/require-app.ts';
import { callerOf } from '../authentication.ts';
import { atItsPace, dropRest } from '../long-requests.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { requesterOf } from './change.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { requirePlain } from './json-body.ts';
import { AppIdParameter } from './parameters.ts';
import { VERSIONS } from './versions.ts';

const PATH = '/pad/upload';
const Query = Type.Object({
  appid: AppIdParameter,
  partial: Type.Optional(
    Type.String({
      pattern: '^(true|false)$',
      description:
        'true：忽略无效行，其余照常写入 · true: take the lines that are LicenseKeys, whatever the others are',
    }),
  ),
});
/** The largest file is for the uploads to say. */
const LIMITS = { fileSize: Number.POSITIVE_INFINITY, fieldSize: 1024, fields: 16, files: 2, parts: 20 };
/** What a form adds to its file, at most. */
const FORM_BYTES = 65_536;

/**
 * Call 8 of the contract: a file of LicenseKeys. It is received and looked through whole; then it is accepted, with an
 * Idempotency-Key honoured; then its rows go in, and the answer tells of them. Source: contract, Rules "Upload";
 * design, Server "Long work in pieces".
 */
export async function padUploadRoutes(scope: FastifyInstance, services: Services): Promise<void> {
  const { store, batch, uploads } = services;
  const verb = idempotent(acceptUploads, ({ uploadId }: { uploadId: string }) => ({ uploadId }));

  /** The upload that a file became, or that the same call became before. */
  async function accept(
    request: FastifyRequest,
    appId: string,
    arrival: Arrival,
    partial: boolean,
  ): Promise<string> {
    const { uploadId, received: file } = arrival;
    return uploads.settle(arrival, partial, async () => {
      const key = idempotencyKeyOf(request, PATH, { query: Query, body: file.sha256 });
      const { cid } = callerOf(request);
      const wish = { cid, appId, uploadId, file, ...requesterOf(request) };
      const outcome = await batch.submit(verb, { request: wish, key });
      if (!outcome.ok) throw outcome.error;
      if (outcome.body.uploadId !== uploadId) await uploads.folder.adopt(arrival.file, outcome.body.uploadId);
      return outcome.body.uploadId;
    });
  }

  await scope.register(async (inner) => {
    // Nothing is gathered in memory: a form is taken apart as it comes, and what is none stays unread.
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', (_request, _payload, done) => done(null));
    await inner.register(multipart, { limits: LIMITS });
    for (const version of VERSIONS) {
      inner.post<{ Querystring: Type.Static<typeof Query> }>(
        `/dabiz/license/${version}${PATH}`,
        { schema: { querystring: Query } },
        async (request, reply) => {
          const { appid: appId, partial } = request.query;
          const { cid } = callerOf(request);
          const arrival = await atItsPace(request.raw, async () => {
            await requireApp(store.reader, appId, cid);
            // A key that is none is refused before 64 MiB have come.
            idempotencyKeyOf(request, PATH, { query: Query });
            return fileOf(request, uploads, cid);
          }).catch(async (cause: unknown) => {
            if (!(await dropRest(request.raw))) reply.header('connection', 'close');
            throw cause;
          });
          const uploadId = await accept(request, appId, arrival, partial === 'true');
          const upload = await uploads.enter(uploadId);
          if (upload.state === 'cleared') throw new LicenseError('upload_cleared');
          const language = languageOf(request);
          return {
            code: 200,
            message: MESSAGE[language],
            data: resultOf(upload, arrival.received, language),
          };
        },
      );
    }
  });
}

const MESSAGE: Bilingual = { zh: '预授权文件上传成功', en: 'preauthorization file uploaded' };

function requireForm(request: FastifyRequest, maxBytes: number): void {
  const contentType = request.headers['content-type'];
  if (contentType === undefined) throw new LicenseError('parameter_missing', { name: 'file' });
  if (!request.isMultipart()) throw new LicenseError('unsupported_media_type', { contentType });
  requirePlain(request);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + FORM_BYTES)
    throw new LicenseError('payload_too_large');
}

/** Receives the one file of a form. */
async function fileOf(request: FastifyRequest, uploads: Uploads, cid: string): Promise<Arrival> {
  requireForm(request, uploads.maxBytes);
  let arrival: Arrival | undefined;
  try {
    // Some programs send the file as a field without a file name.
    const isPartAFile = (name?: string, _type?: string, fileName?: string) =>
      name === 'file' || fileName !== undefined;
    for await (const part of request.parts({ isPartAFile })) {
      if (part.type !== 'file') continue;
      if (part.fieldname !== 'file') throw invalid(otherName(part.fieldname));
      if (arrival !== undefined) throw invalid(TWO_FILES);
      arrival = await uploads.receive(cid, part.file);
    }
    if (arrival === undefined) throw new LicenseError('parameter_missing', { name: 'file' });
    return arrival;
  } catch (cause) {
    if (arrival !== undefined) await uploads.forsake(arrival);
    if (cause instanceof LicenseError) throw cause;
    if (/^FST_(PARTS|FILES|FIELDS)_LIMIT$/.test(codeOf(cause) ?? '')) throw invalid(MANY_PARTS, cause);
    if (isOfTheForm(cause)) throw invalid(BROKEN_FORM, cause);
    throw cause;
  }
}

/** Busboy gives its complaints no code. */
function isOfTheForm(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return (
    /^FST_/.test(codeOf(cause) ?? '') ||
    /multipart|Part terminated|Malformed|Unexpected end|Unsupported|header/i.test(cause.message)
  );
}

function invalid(problem: Bilingual, cause?: unknown): LicenseError {
  return new LicenseError('parameter_invalid', { name: 'file', problem }, { cause });
}

const otherName = (name: string): Bilingual => ({
  en: `the form has the file "${name.slice(0, 64)}" instead`,
  zh: `表单中的文件字段名为“${name.slice(0, 64)}”`,
});
const TWO_FILES: Bilingual = { en: 'is there twice; send one file', zh: '出现多次，每次只能上传一个文件' };
const MANY_PARTS: Bilingual = { en: 'the form has too many parts', zh: '表单的部分过多' };
const BROKEN_FORM: Bilingual = {
  en: 'the form is broken or was cut off; nothing was changed',
  zh: '表单不完整或传输中断，未做任何更改',
};

/** What came of an upload, for its reader. */
function resultOf(upload: Upload, { warnings }: ReceivedFile, language: Language) {
  const { added, duplicates, invalid: wrong, upload_id } = upload;
  const problems: { line: number; problem: Bilingual }[] = JSON.parse(upload.problems);
  return {
    added,
    duplicates,
    invalid: wrong,
    duplicateLines: JSON.parse(upload.duplicate_lines),
    problems: problems.map(({ line, problem }) => ({ line, problem: inLanguage(problem, language) })),
    upload: upload_id,
    ...(warnings.length > 0 && { warnings: warnings.map((warning) => inLanguage(warning, language)) }),
  };
}
