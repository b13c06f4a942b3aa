import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';

/** `tradepost doctor`: what is wrong here, and what to do about it. */
export function addDoctorCommand(program: Command, { untoldConfiguration, output }: CommandContext): void {
  const doctor = program
    .command('doctor')
    .description('check the program, the machine, the settings and the servers, and say what to do about what is wrong')
    .action(async () => (await import('./doctor.actions.ts')).doctorCommand(untoldConfiguration, output));
  addCommandHelp(doctor, {
    examples: ['tradepost doctor', 'tradepost doctor --quiet', 'tradepost doctor --json'],
    exits: { 0: 'nothing is wrong; there may be warnings', 1: 'something is wrong' },
    more: 'It changes nothing, and runs while the system runs and while it is stopped. --quiet leaves out what is well.',
  });
}
