// Does video while the license allows it, and stops when it does not:
//     node watch.mjs [agent.sock]
import { LicenseClient } from 'license-agent/client';

const [, , socket] = process.argv;
const client = new LicenseClient(socket ? { socket } : {});

const { allowed, reason } = await client.check('video');
console.log(`video allowed: ${allowed}, reason: ${reason}`);

client.on('change', (status) => {
  const { video } = status.capabilities;
  console.log(`${status.state}, video: ${video.allowed}`);
});
client.on('down', () => console.log('the agent is down; going on as before, and trying again'));
client.listen();
