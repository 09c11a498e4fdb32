// The few words of the Test Anything Protocol that are needed here.

export class Tap {
  #number = 0;
  #failed = 0;
  #name;

  constructor(name) {
    this.#name = name;
  }

  ok(passed, name, detail) {
    this.#number += 1;
    console.log(`${passed ? 'ok' : 'not ok'} ${this.#number} - ${this.#name}: ${name}`);
    if (passed) return;
    this.#failed += 1;
    for (const line of String(detail ?? '').split('\n')) if (line) console.log(`# ${line}`);
  }

  same(seen, expected, name) {
    const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
    this.ok(a === b, name, `seen     ${a}\nexpected ${b}`);
  }

  /** Closes the plan; the exit code of the program. */
  finish() {
    console.log(`1..${this.#number}`);
    return this.#failed === 0 ? 0 : 1;
  }
}
