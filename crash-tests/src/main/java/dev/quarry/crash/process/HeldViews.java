package dev.quarry.crash.process;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;

/**
 * A few blobs that a thread keeps open while the store goes on, each with the version it is of. For
 * use by one thread.
 */
final class HeldViews {

  private static final int MOST = 3;

  private record Held(Blob blob, int key, long version) {}

  private final Deque<Held> held = new ArrayDeque<>();
  private final Writes writes;
  private final Random random;

  HeldViews(Writes writes, Random random) {
    this.writes = writes;
    this.random = random;
  }

  /** Now and then opens a blob, closes one, or both. */
  void maybeHold(BlobStore store, int key) {
    if (random.nextInt(3) > 0) {
      return;
    }
    Blob blob = store.view(Writes.key(key));
    if (blob != null) {
      held.add(new Held(blob, key, version(blob, key)));
    }
    if (held.size() > random.nextInt(MOST + 1)) {
      release(held.remove());
    }
  }

  private long version(Blob blob, int key) {
    byte[] value = new byte[blob.size()];
    blob.buffer().get(value);
    return writes.versionOf(key, value);
  }

  private void release(Held oldest) {
    try (Blob blob = oldest.blob) {
      if (version(blob, oldest.key) != oldest.version) {
        throw new AssertionError("a blob of key " + oldest.key + " changed while it was open");
      }
    }
  }
}
