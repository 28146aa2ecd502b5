package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A few blobs that a reader keeps open while the store goes on, is closed, or crashes. Each keeps
 * its value to the end, and its file longer than the store has use for it.
 */
final class HeldBlobs {

  private static final int MOST = 3;

  private record Held(Blob blob, byte[] value) {}

  private final Deque<Held> held = new ArrayDeque<>();
  private final Random random;

  HeldBlobs(Random random) {
    this.random = random;
  }

  /** Now and then opens a blob, closes one, or both. */
  void maybeHold(BlobStore store, byte[] key) {
    if (random.nextInt(3) > 0) {
      return;
    }
    Blob blob = store.view(key);
    if (blob != null) {
      held.add(new Held(blob, bytes(blob)));
    }
    if (held.size() > random.nextInt(MOST + 1)) {
      release();
    }
  }

  private static byte[] bytes(Blob blob) {
    byte[] bytes = new byte[blob.size()];
    blob.buffer().get(bytes);
    return bytes;
  }

  void releaseAll() {
    while (release()) {}
  }

  private boolean release() {
    @Nullable Held oldest = held.poll();
    if (oldest != null) {
      assertArrayEquals(oldest.value, bytes(oldest.blob), "a blob changed while it was open");
      oldest.blob.close();
    }
    return oldest != null;
  }
}
