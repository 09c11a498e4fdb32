/**
 * A box that scrolls when its content is too wide. Then it is a stop for the Tab key, the side where more lies is shaded,
 * and a line beneath says so: a table that is cut off must not look whole.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

type Hidden = '' | 'left' | 'right' | 'both';

function hiddenSides(element: HTMLElement): Hidden {
  const room = element.scrollWidth - element.clientWidth;
  if (room <= 1) return '';
  const left = element.scrollLeft > 1;
  const right = element.scrollLeft < room - 1;
  return left && right ? 'both' : left ? 'left' : 'right';
}

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState<Hidden>('');
  const [tall, setTall] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => {
      setHidden(hiddenSides(element));
      setTall(element.scrollHeight > element.clientHeight);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  return (
    <>
      <div class="scroll-frame" data-hidden={hidden || undefined}>
        <div ref={box} class="scroll" role="group" aria-label={label} tabIndex={hidden || tall ? 0 : undefined}>
          {children}
        </div>
      </div>
      {hidden && (
        <p class="scroll-hint" aria-hidden="true">
          ← scroll sideways for more →
        </p>
      )}
    </>
  );
}
