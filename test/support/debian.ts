import { execFileSync } from 'node:child_process';

/**
 * Makes sure that a program of Debian is there: installs its package as root, else fails by name. Nothing is
 * skipped silently.
 */
export function requireDebianProgram(program: string, debianPackage = program): void {
  if (has(program)) return;
  try {
    execFileSync('apt-get', ['update'], { stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (cause) {
    throw new Error(`this test needs ${program}: as root on Debian, apt-get install ${debianPackage}`, {
      cause,
    });
  }
  if (!has(program)) throw new Error(`this test needs ${program}, which ${debianPackage} did not bring`);
}

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
