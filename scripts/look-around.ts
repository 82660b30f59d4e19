type Ready = Readonly<
  Record<
    | 'serverUrl'
    | 'caFile'
    | 'customerId'
    | 'customerSecret'
    | 'appId'
    | 'pid'
    | 'agentSocket'
    | 'agentConfig',
    string
  >
>;

/** Commands for who looks around in a demo that runs. */
export function lookAround(ready: Ready, serverConfig: string, zh: boolean): string {
  const { serverUrl, caFile, customerId, customerSecret, appId, pid, agentSocket, agentConfig } = ready;
  const title = zh ? '现在可以试试（另开一个终端）：' : 'Look around, from another terminal:';
  return `
${title}
  npm run -s agent -- status --config ${agentConfig}
  npm run -s agent -- check --media video --config ${agentConfig}
  npm run -s server -- quota --config ${serverConfig}
  npm run -s server -- audit --config ${serverConfig}
  curl --unix-socket ${agentSocket} http://agent/v1/status
  curl --cacert ${caFile} -u ${customerId}:${customerSecret} -X POST \\
    '${serverUrl}/dabiz/license/v2/active?pid=${pid}&licenseKey=SN-0001&appid=${appId}'
  curl --cacert ${caFile} -u ${customerId}:${customerSecret} \\
    '${serverUrl}/dabiz/license/v2/detail?key=SN-0001&appid=${appId}'
  ${zh ? '全部接口' : 'Every call'}: ${serverUrl}/reference
`;
}
