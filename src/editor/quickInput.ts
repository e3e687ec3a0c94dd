import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable.ts';
import type { InputText } from '../presentation/prompts.ts';
import type { Pick } from '../presentation/quickPicks.ts';

/** Where a box stands in a chain of boxes. */
export interface Position {
  readonly step: number;
  readonly total: number;
}

/** The person went one box back. */
export const back = Symbol('back');

interface PickItem<T> extends vscode.QuickPickItem {
  readonly value?: T;
}

/** Asks for one entry. `undefined` when the person gave up. */
export function pickOne<T>(text: InputText, picks: readonly Pick<T>[], position?: Position): Promise<T | typeof back | undefined> {
  const box = vscode.window.createQuickPick<PickItem<T>>();
  box.items = picks.map((pick) =>
    pick.kind === 'separator'
      ? { label: pick.label, kind: vscode.QuickPickItemKind.Separator }
      : {
          label: pick.label,
          value: pick.value,
          ...(pick.description === undefined ? {} : { description: pick.description }),
          ...(pick.detail === undefined ? {} : { detail: pick.detail }),
          ...(pick.icon === undefined ? {} : { iconPath: new vscode.ThemeIcon(pick.icon) }),
        },
  );
  box.matchOnDescription = true;
  box.matchOnDetail = true;
  box.placeholder = text.placeholder;
  return show(box, text, position, (done) => [
    box.onDidAccept(() => {
      const [item] = box.selectedItems;
      if (item?.value !== undefined) done(item.value);
    }),
  ]);
}

/** Asks for a line of text. `undefined` when the person gave up. */
export function inputLine(
  text: InputText,
  options: { readonly value?: string; readonly problem?: (value: string) => string | undefined },
  position?: Position,
): Promise<string | typeof back | undefined> {
  const box = vscode.window.createInputBox();
  box.value = options.value ?? '';
  box.placeholder = text.placeholder;
  const check = (): boolean => {
    const problem = options.problem?.(box.value);
    box.validationMessage = problem;
    return problem === undefined;
  };
  return show(box, text, position, (done) => [
    box.onDidChangeValue(check),
    box.onDidAccept(() => {
      if (check()) done(box.value);
    }),
  ]);
}

function show<T>(
  box: vscode.QuickPick<PickItem<T>> | vscode.InputBox,
  text: InputText,
  position: Position | undefined,
  listen: (done: (value: T) => void) => vscode.Disposable[],
): Promise<T | typeof back | undefined> {
  return new Promise((resolve) => {
    const store = new DisposableStore();
    const done = (value: T | typeof back | undefined): void => {
      resolve(value);
      store.dispose();
    };
    store.add(box);
    box.title = text.title;
    box.ignoreFocusOut = true;
    if (position !== undefined) {
      box.step = position.step;
      box.totalSteps = position.total;
      if (position.step > 1) box.buttons = [vscode.QuickInputButtons.Back];
      store.add(box.onDidTriggerButton((button) => button === vscode.QuickInputButtons.Back && done(back)));
    }
    for (const listener of listen(done)) store.add(listener);
    store.add(box.onDidHide(() => done(undefined)));
    box.show();
  });
}

/** One box of a chain: fills in its part of `state`, or goes back, or gives up. */
export type Step<S> = (state: S, position: Position) => Promise<'next' | typeof back | undefined>;

/** Runs boxes one after the other, back and forth. `undefined` when the person gave up. */
export async function runSteps<S>(state: S, steps: readonly Step<S>[]): Promise<S | undefined> {
  let index = 0;
  while (index < steps.length) {
    const step = steps[index] as Step<S>;
    const result = await step(state, { step: index + 1, total: steps.length });
    if (result === undefined) return undefined;
    index += result === back ? -1 : 1;
  }
  return state;
}
