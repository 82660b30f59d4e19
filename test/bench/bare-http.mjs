// The limit of server.activation: node:http alone, answering the same bytes.
import { createServer } from 'node:http';

const body = Buffer.from(process.argv[2] ?? '');
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length };
const server = createServer((_request, response) => response.writeHead(200, headers).end(body));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
