import { execFileSync } from 'node:child_process';

/**
 * Makes sure that a program of Debian is there: installs its package as root, else fails by name. Nothing is
 * skipped silently.
 */
export function requireDebianProgram(program: string, debianPackage = program): void {
  if (!has(program)) install(debianPackage);
  if (!has(program)) throw new Error(`this test needs ${program}, which ${debianPackage} did not bring`);
}

/** A package that brings no program, such as headers. */
export function requireDebianPackage(name: string): void {
  if (!isInstalled(name)) install(name);
}

function install(debianPackage: string): void {
  try {
    execFileSync('apt-get', ['update'], { stdio: 'ignore' });
    const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
    execFileSync('apt-get', ['install', ...options, debianPackage], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (cause) {
    throw new Error(`this test needs ${debianPackage}: as root on Debian, apt-get install ${debianPackage}`, {
      cause,
    });
  }
}

function isInstalled(name: string): boolean {
  try {
    const facts = execFileSync('dpkg-query', ['-s', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return facts.includes('\nStatus: install ok installed\n');
  } catch {
    return false;
  }
}

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
