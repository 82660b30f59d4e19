import { type ErrorEntry, entry, mistake } from './entry.ts';

/** Reaching the server, and the daemon. */
export const contactErrors = {
  server_unreachable: entry(503, 4, true, [
    'no license server answered: {problem}',
    'Check network, address and certificate of the server; the license held stays valid.',
    '无法连接许可证服务器：{problem}',
    '请检查网络、服务器地址和证书；当前许可证继续有效。',
  ]),
  server_answer_unusable: entry(503, 4, true, [
    'the license server answered with something else than a license: {problem}',
    'Look for a proxy or portal in between; the license held stays valid.',
    '许可证服务器的应答无法使用：{problem}',
    '请检查是否有代理或认证门户；当前许可证继续有效。',
  ]),
  enrollment_rejected: entry(401, 3, false, [
    'the license server does not know this device, and its enrollment is not (or no longer) valid',
    'Make a new enrollment file on the license server: license-server enrollment create.',
    '许可证服务器不认识本设备，且登记文件无效或已失效',
    '请在许可证服务器上生成新的登记文件：license-server enrollment create。',
  ]),
  not_enrolled: mistake(
    2,
    'this device is not enrolled',
    'Run: license-agent enroll FILE.',
    '本设备尚未登记',
    '请执行：license-agent enroll FILE。',
  ),
  daemon_down: entry(503, 7, true, [
    'this needs the daemon, which does not answer at {socket}',
    'Start it: license-agent run.',
    '此操作需要守护进程，但 {socket} 没有响应',
    '请启动守护进程：license-agent run。',
  ]),
  socket_forbidden: mistake(
    7,
    'this user may not use the socket {socket}',
    'Run as the user of the daemon, or let an administrator add this user to the group of the socket.',
    '当前用户无权使用套接字 {socket}',
    '请使用守护进程的用户运行，或由管理员将当前用户加入该套接字所属的组。',
  ),
  unknown_session: entry(404, 2, false, [
    'there is no session {session}: it ended, or nothing was heard of it for too long',
    'Open a new one: POST /v1/sessions.',
    '会话 {session} 不存在：已结束，或长时间没有心跳',
    '请重新打开会话：POST /v1/sessions。',
  ]),
  too_many_sessions: entry(503, 1, true, [
    'more than {most} sessions run already',
    'End those that are over: DELETE /v1/sessions/ID.',
    '正在进行的会话已超过 {most} 个',
    '请结束已完成的会话：DELETE /v1/sessions/ID。',
  ]),
  too_many_streams: entry(503, 1, true, [
    'more than {most} listen for events already',
    'Let applications share a listener, or close those that are not needed.',
    '监听事件的连接已超过 {most} 个',
    '请让应用共用监听连接，或关闭不再需要的连接。',
  ]),
  request_too_large_for_qr: mistake(
    2,
    'the request has {bytes} bytes and a QR code holds {most}; one request fits into a code',
    'Carry the file instead: license-agent request without --qr.',
    '请求有 {bytes} 字节，二维码最多容纳 {most} 字节；一个二维码只能容纳一个请求',
    '请改用文件传递：执行 license-agent request 时不加 --qr。',
  ),
  too_many_licenses: mistake(
    2,
    'one agent holds {most} licenses for others at most',
    'Let another gateway hold the rest, or give up those that are not needed: DELETE /v1/licenses/LICENSE_KEY.',
    '一个代理最多为其他设备持有 {most} 个许可证',
    '请由另一台网关持有其余许可证，或放弃不再需要的许可证：DELETE /v1/licenses/LICENSE_KEY。',
  ),
  not_held: entry(404, 3, false, [
    'this agent holds no license for {licenseKey}',
    'Add it: PUT /v1/licenses/LICENSE_KEY at admin.sock.',
    '本代理没有为 {licenseKey} 持有许可证',
    '请先添加：向 admin.sock 发送 PUT /v1/licenses/LICENSE_KEY。',
  ]),
  not_an_account: entry(403, 2, false, [
    'applications may take in and give up licenses of accounts alone; {licenseKey} is none',
    'Let the owner do it at admin.sock, or enroll this device for a PID of category account.',
    '应用只能激活与释放账号许可证；{licenseKey} 不是账号',
    '请由所有者在 admin.sock 上操作，或用账号品类 PID 的登记文件登记本设备。',
  ]),
  daemon_running: mistake(
    2,
    'a daemon answers at {socket} already',
    'Stop it first, or choose another stateDir and runtimeDir.',
    '{socket} 上已有守护进程在运行',
    '请先停止它，或使用其他 stateDir 与 runtimeDir。',
  ),
} satisfies Record<string, ErrorEntry>;
