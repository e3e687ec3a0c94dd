import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Conversation, type InputEvent } from '../../../src/demo/conversation.ts';
import { KeyDecoder } from '../../../src/demo/keys.ts';
import { readDemoOptions } from '../../../src/demo/options.ts';
import { outputPath } from '../../../src/demo/files.ts';
import { Screen } from '../../../src/demo/screen.ts';
import { isFleetError } from '../../../src/base/errors.ts';

function events(conversation: Conversation, ...chunks: readonly string[]): InputEvent[] {
  const decoder = new KeyDecoder();
  return chunks
    .flatMap((chunk) => decoder.push(chunk))
    .map((key) => conversation.key(key))
    .filter((event) => event !== undefined);
}

const asking = (): Conversation => {
  const conversation = new Conversation();
  conversation.asking = true;
  return conversation;
};
const prompt = (text: string): InputEvent => ({ type: 'prompt', text });

describe('keys of the demo agent', () => {
  it('reads typed text, editing and Enter', () => {
    assert.deepEqual(events(new Conversation(), 'helo', '\u007f', 'lo\r'), [prompt('hello')]);
    assert.deepEqual(events(new Conversation(), 'a\r\nb\n\r\n'), [prompt('a'), prompt('b')]);
  });

  it('takes a paste of several lines as one prompt, however it is cut', () => {
    const input = '\u001b[200~one\r\ntwo\u0003\nthree\u001b[201~\r';
    fc.assert(
      fc.property(fc.integer({ min: 6, max: input.length }), fc.integer({ min: 6, max: input.length }), (a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        const chunks = [input.slice(0, first), input.slice(first, second), input.slice(second)];
        assert.deepEqual(events(new Conversation(), ...chunks), [prompt('one\ntwo\u0003\nthree')]);
      }),
    );
  });

  it('knows Escape from the sequences of other keys', () => {
    assert.deepEqual(events(new Conversation(), '\u001b[A\u001bOP\u001b[1;5Cx\r'), [prompt('x')]);
    assert.deepEqual(events(new Conversation(), '\u001b[', 'Ax\r'), [prompt('x')]);
    assert.deepEqual(events(new Conversation(), '\u001b'), [{ type: 'interrupt', by: 'escape' }]);
    assert.deepEqual(events(new Conversation(), 'draft\u0003'), [{ type: 'interrupt', by: 'ctrl-c' }]);
  });

  it('leaves by Ctrl-D on an empty line only', () => {
    assert.deepEqual(events(new Conversation(), '\u0004'), [{ type: 'leave' }]);
    assert.deepEqual(events(new Conversation(), 'a\u0004'), []);
  });
});

describe('an open question of the demo agent', () => {
  for (const [typed, yes] of [['y', true], ['Y\r', true], ['yes\r', true], ['n', false], ['no\n', false]] as const) {
    it(`is answered by ${JSON.stringify(typed)}`, () => {
      assert.deepEqual(events(asking(), typed), [{ type: 'answer', yes }]);
      assert.deepEqual(events(asking(), ...typed), [{ type: 'answer', yes }]);
    });
  }

  it('is not answered by a paste or another key', () => {
    assert.deepEqual(events(asking(), '\u001b[200~yes do it\u001b[201~\r'), [prompt('yes do it')]);
    assert.deepEqual(events(asking(), '\r', 'x\r'), [prompt('x')]);
  });

  it('is answered once; what follows is a prompt', () => {
    assert.deepEqual(events(asking(), 'y', '\r', 'yes\r'), [{ type: 'answer', yes: true }, prompt('yes')]);
    assert.deepEqual(events(new Conversation(), 'y\r'), [prompt('y')]);
  });
});

describe('options of the demo agent', () => {
  it('have defaults', () => {
    assert.deepEqual(readDemoOptions(['--script', 'works']), { script: 'works', paceMs: 1000, name: 'demo-works', policy: 'ask' });
  });

  it('are refused in a sentence', () => {
    for (const argv of [[], ['--script', 'x'], ['--script', 'works', '--pace', '0'], ['--script', 'works', '--policy', 'x'], ['--x']]) {
      assert.throws(() => readDemoOptions(argv), (error) => isFleetError(error, 'BadArguments'), argv.join(' '));
    }
  });
});

describe('files of the demo agent', () => {
  it('stay in their folder, whatever the name', () => {
    assert.equal(outputPath('Login flow'), 'demo-output/login-flow.md');
    assert.equal(outputPath('../../x'), 'demo-output/x.md');
    assert.equal(outputPath('名前'), 'demo-output/notes.md');
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => assert.match(outputPath(name), /^demo-output\/[a-z0-9][a-z0-9-]*\.md$/)));
  });
});

describe('screen of the demo agent', () => {
  const screenOf = (isTTY: boolean, noColor: boolean) => {
    const written: string[] = [];
    return { screen: new Screen({ isTTY, columns: 40, write: (text) => written.push(text) }, noColor), written };
  };

  it('writes plain lines where there is no terminal', () => {
    const { screen, written } = screenOf(false, false);
    screen.open();
    screen.title('t');
    screen.line('good', 'good');
    screen.draft = 'x';
    screen.close();
    assert.equal(written.join(''), 'good\n');
  });

  it('paints, sets the title, and takes it back', () => {
    const { screen, written } = screenOf(true, false);
    screen.open();
    screen.title('◇ x');
    screen.line('good', 'good');
    screen.close();
    assert.equal(written.join(''), '\u001b[?2004h\u001b]0;◇ x\u0007\u001b[32mgood\u001b[0m\r\n\u001b[?2004l\u001b]0;\u0007');
  });

  it('honours NO_COLOR', () => {
    const { screen, written } = screenOf(true, true);
    screen.line('bad', 'bad');
    assert.equal(written.join(''), 'bad\r\n');
  });

  it('keeps the line that is being typed below the transcript', () => {
    const { screen, written } = screenOf(true, true);
    screen.draft = 'abc';
    screen.line('news');
    screen.draft = 'a\nb';
    screen.draft = '';
    assert.deepEqual(written, ['> abc', '\r\u001b[2Knews\r\n> abc', '\r\u001b[2K> [2 lines]', '\r\u001b[2K']);
  });
});
