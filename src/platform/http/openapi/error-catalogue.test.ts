import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contracts } from '../../../testing/system.ts';
import { REMEDY, STATUS } from '../../contract/errors.ts';
import { errorPage } from '../pages/errors.ts';
import { problemOf } from '../problem.ts';
import { errorCatalogue } from './error-catalogue.ts';

const declared = contracts.flatMap(({ errors }) => Object.values(errors));

test('every error that a contract declares says what to do about it, in a sentence of its own', () => {
  assert.ok(declared.length > 40);
  const without = declared.filter(({ remedy = '' }) => !/^[A-Z].{10,}\.$/s.test(remedy)).map(({ code }) => code);
  assert.deepEqual(without, []);
});

test('every error has a place on the page that its type leads to, with its sentence and its remedy', () => {
  const page = errorPage(contracts);
  const rows = errorCatalogue(contracts).flatMap((section) => section.rows);
  for (const { code, remedy } of rows) {
    assert.ok(page.includes(`id="${code}"`), code);
    assert.ok(remedy.length > 10, code);
  }
  const codes = rows.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length, 'a code names one error');
  for (const { code } of declared) assert.ok(codes.includes(code), code);
  assert.ok(codes.includes(problemOf(undefined, '/', 'r').code));
});

test('no kind of error is without a remedy', () => {
  assert.deepEqual(Object.keys(REMEDY).sort(), Object.keys(STATUS).sort());
  for (const remedy of Object.values(REMEDY)) assert.match(remedy, /^[A-Z].*\.$/);
});
