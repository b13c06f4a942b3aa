import type { DoctorCheck } from '../check.ts';
import { directoryChecks } from './directory.ts';
import { programChecks } from './program.ts';
import { serverChecks } from './servers.ts';
import { settingsChecks } from './settings.ts';
import { shopChecks } from './shop.ts';

/** Every check, in the order of the report. */
export const allChecks: readonly DoctorCheck[] = [
  ...programChecks,
  ...settingsChecks,
  ...directoryChecks,
  ...serverChecks,
  ...shopChecks,
];
