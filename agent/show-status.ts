import { answer, type Terminal } from '#core/host/cli.ts';
import { printableLines } from '#core/host/printable.ts';
import type { AgentStatus } from './client/local-answers.ts';
import { colouredState, statusText } from './status-text.ts';

/** Shows a status: JSON for programs, for people one screen, the line of its state coloured on a terminal. */
export function showStatus(status: AgentStatus, terminal: Terminal): void {
  if (terminal.json) {
    answer(terminal, status, '');
    return;
  }
  const [state = '', ...lines] = printableLines(statusText(status, terminal)).split('\n');
  terminal.out(`${[colouredState(state, status), ...lines].join('\n')}\n`);
}
