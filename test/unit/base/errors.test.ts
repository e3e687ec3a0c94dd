import assert from 'node:assert/strict';
import { FleetError, isFleetError, messageOf } from '../../../src/base/errors.ts';

describe('FleetError', () => {
  it('carries code, details and cause', () => {
    const cause = new Error('why');
    const error = new FleetError('Full', 'It is full.', { details: { limit: 1 }, cause });
    assert.deepEqual([error.code, error.message, error.details, error.cause], ['Full', 'It is full.', { limit: 1 }, cause]);
    assert.deepEqual(new FleetError('Full', 'x').details, {});
  });

  it('is told apart from others, by code if asked', () => {
    const error: unknown = new FleetError('Full', 'x');
    assert.equal(isFleetError(error), true);
    assert.equal(isFleetError(error, 'Full'), true);
    assert.equal(isFleetError(error, 'Empty'), false);
    assert.equal(isFleetError(new Error('x')), false);
  });

  it('messageOf finds words in anything thrown', () => {
    assert.deepEqual([new Error('a'), 'b', undefined, 3].map(messageOf), ['a', 'b', 'undefined', '3']);
  });
});
