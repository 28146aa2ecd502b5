package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.index.Replaced;
import dev.quarry.segment.Slab;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What an operation needs for a moment, one a thread, so that hot paths allocate nothing.
 *
 * <p>The thread itself holds it by a weak reference only. A thread of a pool outlives the
 * application that used it, and must not keep the application's classes; so it is the class that
 * keeps what its threads use, and both go together. A thread that ends takes its scratch with it.
 */
final class Scratch {

  private static final ThreadLocal<WeakReference<@Nullable Scratch>> LOCAL =
      ThreadLocal.withInitial(() -> new WeakReference<>(null));

  @GuardedBy("ALL")
  private static final Map<Thread, Scratch> ALL = new WeakHashMap<>();

  /** The key's hash: low half, high half. */
  final long[] hash = new long[2];

  final Replaced replaced = new Replaced();

  final Found found = new Found();

  private Scratch() {
    Slab.prepareThread();
  }

  static Scratch get() {
    Scratch scratch = LOCAL.get().get();
    return scratch == null ? first() : scratch;
  }

  private static Scratch first() {
    Scratch scratch = new Scratch();
    synchronized (ALL) {
      ALL.put(Thread.currentThread(), scratch);
    }
    LOCAL.set(new WeakReference<>(scratch));
    return scratch;
  }
}
