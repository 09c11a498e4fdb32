/** A definition in its canonical form, with words and texts set apart as an editor would. */
import { Scroll } from '../ui/scroll';

const WORDS =
  /(--[^\n]*)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\b(segment|scheme|exclusive|else|where|and|or|not|in|is|known|unknown|between|last|next|before|after|within|of|since|from|to|ago|by|among|top|sample|seed|any|none|all|count|sum|avg|min|max|median|distinct|first|nth|gap|favourite|sequence|as|ever|changed|entered|left|periods|days|hours|weeks|months|years|today|like|contains|starts|ends|with|matches)\b|\b(\d[\d.,]*%?)/g;
const CLASSES = ['comment', 'text', 'word', 'number'];

export function Definition({ text }: { text: string }) {
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    pieces.push(text.slice(at, match.index));
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)];
    pieces.push(<span class={`code-${kind}`}>{match[0]}</span>);
    at = match.index + match[0].length;
  }
  pieces.push(text.slice(at));
  return (
    <div class="definition">
      <Scroll label="Definition">
        <pre data-field="definition">{pieces}</pre>
      </Scroll>
    </div>
  );
}
