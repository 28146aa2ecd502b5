package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
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

  private record Held(Blob blob, ByteBuffer value) {}

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
      held.add(new Held(blob, copy(blob)));
    }
    if (held.size() > random.nextInt(MOST + 1)) {
      release();
    }
  }

  private static ByteBuffer copy(Blob blob) {
    return ByteBuffer.allocate(blob.size()).put(blob.buffer()).flip();
  }

  void releaseAll() {
    while (release()) {}
  }

  private boolean release() {
    @Nullable Held oldest = held.poll();
    if (oldest != null) {
      assertEquals(oldest.value, oldest.blob.buffer(), "a blob changed while it was open");
      oldest.blob.close();
    }
    return oldest != null;
  }
}
