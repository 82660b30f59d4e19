import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyInstance, type FastifySchema, fastify } from 'fastify';
import { VERSION } from '#core/host/version.ts';
import { DESCRIBED } from './calls.ts';
import { describeRoute, LEGACY, type ServedRoute } from './describe-route.ts';
import { Problem } from './failure-answers.ts';

/** What is the same for every call. Source: contract, Common. */
const ABOUT = `许可证服务器 OpenAPI。为公有云 License 接口编写的程序只需更换主机名。认证方式为 HTTP Basic（customerId:customerSecret）；
每个 POST 都可携带 \`Idempotency-Key\`，24 小时内重复发送只生效一次；说明文字默认中文，\`Accept-Language: en\` 时为英文。

OpenAPI of the license server. A program written for the public License API works when its host name is changed. HTTP
Basic with customerId:customerSecret. Every POST may carry an \`Idempotency-Key\`: sent again within 24 hours it is
carried out once. Messages are Chinese, English with \`Accept-Language: en\`.`;

/** The key of a route in the table of described calls: `POST /active`. */
function describedKey({ method, url }: Pick<ServedRoute, 'method' | 'url'>): string {
  const path = url.replace(/^\/dabiz\/license\/v[12]/, '').replace(/:(\w+)/g, '{$1}');
  return `${method} ${path}`;
}

/**
 * An app that answers nothing of the API but its description: the OpenAPI document and pages to read it, made of
 * the schemas by which the real routes validate.
 */
export async function buildReferenceApp(routes: readonly ServedRoute[]): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'License Agent OpenAPI',
        version: VERSION,
        description: ABOUT,
      },
      components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
      security: [{ basic: [] }],
      tags: [{ name: 'v2' }, { name: 'v1' }, { name: LEGACY }],
    },
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
  });
  app.addSchema(Problem);
  await app.register(swaggerUi, {
    routePrefix: '/reference',
    staticCSP: true,
    uiConfig: { docExpansion: 'list', defaultModelsExpandDepth: -1, layout: 'BaseLayout' },
    theme: { title: 'License Agent OpenAPI' },
  });
  app.after(() => {
    for (const route of routes) {
      const { method, url } = route;
      const call = DESCRIBED[describedKey({ method, url })];
      if (call === undefined && /^\/(dabiz|dev)\//.test(url))
        throw new Error(`${method} ${url} is not described`);
      if (call === undefined) continue;
      app.route({
        method,
        url,
        schema: describeRoute(route, call),
        validatorCompiler: () => () => true,
        serializerCompiler: () => JSON.stringify,
        handler: async () => undefined,
      });
    }
  });
  app.get('/openapi.json', { schema: { hide: true } as FastifySchema }, async () => app.swagger());
  await app.ready();
  return app;
}
