// The limit of agent.memory: a bare Node that opened one SQLite file and one HTTP server on a unix socket.
import { createServer } from 'node:http';
import Database from 'better-sqlite3';

const [file, socket] = process.argv.slice(2);
new Database(file).exec('create table if not exists license (answer text)');
createServer((_request, response) => response.end('{}')).listen(socket, () => console.log('ready'));
