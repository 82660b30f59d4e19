import type {} from '@fastify/accepts';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorTable } from '#core/error-table.ts';
import {
  asLicenseError,
  type Bilingual,
  isStoreFault,
  type Language,
  LicenseError,
  messageOf,
} from '#core/errors.ts';
import { describeFaults } from '#core/shape-fault.ts';
import { ServedRoutes } from './served-routes.ts';

/** Every failure on the wire. Source: contract, Common "Envelope". */
export interface Problem {
  readonly code: number;
  readonly message: string;
  readonly error: string;
  readonly requestId: string;
}

/**
 * The one serializer of failures: LicenseErrors as the table says, what Fastify itself refuses translated into
 * them, all else masked as `internal` with the cause in the log alone.
 */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((fault: FastifyError, request, reply) =>
    sendProblem(translate(fault, request), request, reply),
  );
  const routes = new ServedRoutes();
  app.addHook('onRoute', ({ method, url }) => routes.add([method].flat(), url));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = routes.methodsOf(path);
    if (methods.length === 0) return sendProblem(new LicenseError('not_found', { path }), request, reply);
    reply.header('allow', methods.join(', '));
    return sendProblem(
      new LicenseError('method_not_allowed', { path, method: request.method }),
      request,
      reply,
    );
  });
}

/** The problem of an error, for one reader. */
export function problemOf(error: LicenseError, language: Language, requestId: string): Problem {
  return {
    code: errorTable[error.code].http,
    message: exposedMessage(error, language),
    error: error.code,
    requestId,
  };
}

/** What a caller is told: where the store lies is for the operator, who has it in the log. */
export function exposedMessage(error: LicenseError, language: Language): string {
  const ofTheStore = isStoreFault(error) && 'file' in error.detail;
  return messageOf(ofTheStore ? new LicenseError('store_unavailable') : error, language);
}

/** What fails before a route is found, in the same envelope. */
export function sendFrameworkError(fault: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(translate(fault, request), request, reply);
}

function sendProblem(error: LicenseError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, languageOf(request), request.id);
  if (problem.code >= 500)
    request.log.error({ requestId: request.id, err: error.cause ?? error, code: error.code }, error.message);
  if (problem.code === 401) reply.header('www-authenticate', 'Basic realm="license"');
  const { retryAfterSeconds = problem.code === 503 ? RETRY_AFTER_SECONDS : undefined } = error.detail;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return reply.code(problem.code).send(problem);
}

const RETRY_AFTER_SECONDS = 5;

/** Chinese as documented, English when the client prefers it. Source: contract, Common "Messages". */
export function languageOf(request: FastifyRequest): Language {
  // A request that never met a route has not been decorated.
  if (request.headers['accept-language'] === undefined || request.language === undefined) return 'zh';
  return request.language(['zh', 'en']) === 'en' ? 'en' : 'zh';
}

function translate(fault: FastifyError, request: FastifyRequest): LicenseError {
  if (fault instanceof LicenseError) return fault;
  if (fault.validation !== undefined) return parameterError(fault);
  const translation = FASTIFY_FAULTS[fault.code];
  if (translation !== undefined) return translation(request, fault);
  if (fault.statusCode !== undefined && fault.statusCode < 500) {
    // Fastify explains itself in English alone; its code is the same for everybody.
    const problem = { en: fault.message, zh: `无法处理（${fault.code}）` };
    return new LicenseError('parameter_invalid', { name: REQUEST, problem }, { cause: fault });
  }
  return asLicenseError(fault);
}

/** Where no parameter is to blame. */
const REQUEST: Bilingual = { en: 'request', zh: '请求' };

const FASTIFY_FAULTS: Record<string, (request: FastifyRequest, fault: FastifyError) => LicenseError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new LicenseError('payload_too_large'),
  FST_ERR_BAD_URL: (request) => new LicenseError('not_found', { path: request.url.slice(0, 100) }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (request) =>
    new LicenseError('unsupported_media_type', { contentType: request.headers['content-type'] ?? '' }),
};

/** The first complaint of the validator, by the name of the parameter. */
function parameterError({ validation, validationContext }: FastifyError): LicenseError {
  const faults = validation ?? [];
  const [first] = faults;
  const required = first?.params['requiredProperties'];
  if (Array.isArray(required)) return new LicenseError('parameter_missing', { name: String(required[0]) });
  const name = nameAt(first?.instancePath ?? '') || (validationContext ?? REQUEST);
  return new LicenseError('parameter_invalid', { name, problem: describeFaults(faults) });
}

/** `/items/3/pid` → `items[3].pid`. */
function nameAt(pointer: string): string {
  return pointer
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replace(/^\//, '')
    .replaceAll('/', '.');
}
