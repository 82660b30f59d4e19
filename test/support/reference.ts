import { Compile } from 'typebox/compile';
import type { TestServer } from './server.ts';

interface Schema {
  readonly [keyword: string]: unknown;
}
interface Content {
  readonly schema: Schema;
  readonly example?: unknown;
}
export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly description?: string;
  readonly schema: Schema;
}
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Readonly<Record<string, Content>> }>
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** An answer as it came over the wire. */
export interface Answered {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** The OpenAPI document of a server, read as strictly as can be: what it does not name must not come. */
export class Reference {
  readonly document: OpenApi;

  private constructor(document: OpenApi) {
    this.document = document;
  }

  static async of(server: TestServer): Promise<Reference> {
    return new Reference((await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi);
  }

  get operations(): { method: string; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
  }

  /** What in an answer is not as documented; nothing where all is. */
  faultsOf(method: string, path: string, { status, contentType, body }: Answered): string[] {
    const response = this.document.paths[path]?.[method.toLowerCase()]?.responses[status];
    const content = response?.content[contentType.replace(/;.*/, '')];
    if (content === undefined) return [`${method} ${path} has no ${status} of type ${contentType}`];
    return this.faultsBy(content.schema, body);
  }

  faultsBy(schema: Schema, value: unknown): string[] {
    return Compile(this.#closed(schema) as Schema)
      .Errors(value)
      .map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  /** A schema without references, whose objects have no members but their own; all of it must say its type. */
  #closed(part: unknown): unknown {
    if (Array.isArray(part)) return part.map((one) => this.#closed(one));
    if (typeof part !== 'object' || part === null) return part;
    const schema = part as Schema;
    if (typeof schema['$ref'] === 'string')
      return this.#closed(this.document.components.schemas[schema['$ref'].replace(/^.*\//, '')]);
    if (!['type', 'anyOf', 'enum'].some((keyword) => keyword in schema))
      throw new Error(`a schema allows anything: ${JSON.stringify(schema)}`);
    const closed = Object.fromEntries(
      Object.entries(schema).map(([keyword, value]) => {
        if (keyword === 'properties') return [keyword, this.#closedAll(value as Schema)];
        const holdsSchemas = keyword === 'items' || keyword === 'anyOf';
        return [keyword, holdsSchemas ? this.#closed(value) : value];
      }),
    );
    return 'properties' in schema ? { ...closed, additionalProperties: false } : closed;
  }

  #closedAll(properties: Schema): Schema {
    return Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, this.#closed(property)]),
    );
  }
}
