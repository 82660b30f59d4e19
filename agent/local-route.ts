/** One call at a socket. */
export interface LocalRequest {
  /** By the names in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Text of the body, of bounded size. */
  readonly body: string;
}

/** Sends server-sent events (WHATWG HTML, "Server-sent events") until either side ends. */
export type SendEvent = (event: string, data: object) => void;

interface Place {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Such as `/v1/licenses/{licenseKey}`. */
  readonly path: string;
}

/** A route that answers with JSON. */
export interface AnswerRoute extends Place {
  readonly answer: (request: LocalRequest) => Promise<object>;
  readonly maxBodyBytes?: number;
}

/** A route that goes on sending events; what it resolves to ends that. */
export interface StreamRoute extends Place {
  readonly stream: (send: SendEvent) => Promise<() => void>;
}

export type LocalRoute = AnswerRoute | StreamRoute;

export interface FoundRoutes {
  /** Of the path, whatever the method. */
  readonly routes: readonly LocalRoute[];
  readonly params: Readonly<Record<string, string>>;
}

/** The routes of a path; of two that match the one written without a parameter comes first in the list. */
export function findRoutes(routes: readonly LocalRoute[], path: string): FoundRoutes {
  const segments = path.split('/');
  for (const { path: pattern } of routes) {
    const params = paramsOf(pattern.split('/'), segments);
    if (params !== undefined) return { routes: routes.filter((route) => route.path === pattern), params };
  }
  return { routes: [], params: {} };
}

function paramsOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined;
      continue;
    }
    const value = decode(segment);
    if (!value) return undefined;
    params[part.slice(1, -1)] = value;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
