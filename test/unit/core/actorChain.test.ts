import assert from 'node:assert/strict';
import fc from 'fast-check';
import { actorChain, actorForest } from '../../../src/core/actorChain.ts';
import type { Session } from '../../../src/core/session.ts';
import { aSession } from '../../fakes/sessions.ts';

const chain = (sessions: readonly Session[], id: string): string[] => actorChain(sessions, id).map((session) => session.id);

describe('core/actorChain', () => {
  it('U3 root › … › leaf, by our own record and by the keys of agents, ended parents included', () => {
    const sessions = [
      aSession({ id: 'root', status: 'completed', actorKey: 'k:root' }),
      aSession({ id: 'middle', status: 'terminated', parentActorKey: 'k:root' }),
      aSession({ id: 'leaf', parentId: 'middle' }),
    ];
    assert.deepEqual(chain(sessions, 'leaf'), ['root', 'middle', 'leaf']);
    assert.deepEqual(chain(sessions, 'middle'), ['root', 'middle']);
    assert.deepEqual(chain(sessions, 'root'), ['root']);
  });

  it('U3 an unknown parent: a root of its own, with the mark', () => {
    const sessions = [aSession({ id: 'a', parentId: 'gone' }), aSession({ id: 'b', parentActorKey: 'gone' }), aSession({ id: 'c' })];
    assert.deepEqual(['a', 'b', 'c'].map((id) => chain(sessions, id)), [['a'], ['b'], ['c']]);
    assert.deepEqual([...actorForest(sessions).orphans], ['a', 'b']);
  });

  it('U3 an unknown session has no chain', () => {
    assert.deepEqual(chain([aSession({ id: 'a' })], 'b'), []);
    assert.deepEqual(chain([], ''), []);
  });

  it('U3 a→b→a ends: cut at the oldest, which is marked', () => {
    const sessions = [aSession({ id: 'b', parentId: 'a', createdAt: 2 }), aSession({ id: 'a', parentActorKey: 'k:b', createdAt: 1 })];
    const looped = sessions.map((session) => (session.id === 'b' ? { ...session, actorKey: 'k:b' } : session));
    assert.deepEqual([chain(looped, 'a'), chain(looped, 'b')], [['a'], ['a', 'b']]);
    assert.deepEqual([...actorForest(looped).loops], ['a']);
  });

  it('U3 an agent that names itself as its parent has none', () => {
    const sessions = [aSession({ id: 'a', actorKey: 'k', parentActorKey: 'k' }), aSession({ id: 'b', parentId: 'b' })];
    assert.deepEqual([chain(sessions, 'a'), chain(sessions, 'b')], [['a'], ['b']]);
    assert.deepEqual([...actorForest(sessions).orphans], []);
  });

  it('U3 what we recorded goes before what an agent says, as long as that session is here', () => {
    const child = aSession({ id: 'c', parentId: 'ours', parentActorKey: 'k' });
    const theirs = aSession({ id: 'theirs', actorKey: 'k' });
    assert.deepEqual(chain([child, theirs, aSession({ id: 'ours' })], 'c'), ['ours', 'c']);
    assert.deepEqual(chain([child, theirs], 'c'), ['theirs', 'c']);
  });

  it('U3 of several attempts with one key the parent is the newest that was there when the child was made', () => {
    const attempts = [1, 5, 9].map((createdAt) => aSession({ id: `p${createdAt}`, actorKey: 'k', createdAt }));
    const parentOf = (createdAt: number): string | undefined => chain([...attempts, aSession({ id: 'c', parentActorKey: 'k', createdAt })], 'c')[0];
    assert.deepEqual([6, 5, 20, 0].map(parentOf), ['p5', 'p5', 'p9', 'p1']);
  });

  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const name = fc.constantFrom(...names, 'gone');
  const graph = fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...names), parentId: name, actorKey: name, parentActorKey: name, createdAt: fc.nat(4) }, { requiredKeys: ['id', 'createdAt'] }),
    { selector: ({ id }) => id },
  );

  it('U3 every chain ends, holds nobody twice, follows the forest and ends with the session, whatever the record says', () => {
    fc.assert(
      fc.property(graph, (parts) => {
        const sessions = parts.map(aSession);
        const { parents, loops, orphans } = actorForest(sessions);
        for (const { id } of sessions) {
          const found = chain(sessions, id);
          assert.equal(found.at(-1), id);
          assert.equal(new Set(found).size, found.length);
          found.slice(1).forEach((child, index) => assert.equal(parents.get(child), found[index]));
          assert.equal(parents.has(found[0] ?? ''), false);
        }
        for (const root of [...loops, ...orphans]) assert.equal(parents.has(root), false);
      }),
    );
  });

  it('U3 does not depend on the order in which sessions are kept', () => {
    fc.assert(
      fc.property(graph, (parts) => {
        const sessions = parts.map(aSession);
        for (const { id } of sessions) assert.deepEqual(chain([...sessions].reverse(), id), chain(sessions, id));
      }),
    );
  });

  it('U3 without loops the chain is the whole way up', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(), { nil: undefined }), { minLength: 1, maxLength: 20 }), (links) => {
        const sessions = links.map((link, index) => aSession({ id: `s${index}`, ...(link === undefined || index === 0 ? {} : { parentId: `s${link % index}` }) }));
        const up = (session: Session | undefined): string[] => (session === undefined ? [] : [...up(sessions.find(({ id }) => id === session.parentId)), session.id]);
        for (const session of sessions) assert.deepEqual(chain(sessions, session.id), up(session));
      }),
    );
  });
});
