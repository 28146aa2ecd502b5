package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.Disk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What a store should hold: a plain map, and the same steps done to both. */
final class StoreModel {

  private static final int ATTEMPTS = 30_000;
  private static final long PAUSE_NANOS = 1_000_000;

  /** By {@link Arrays#compareUnsigned}, the order of {@link KeyCursor}. */
  private final Map<byte[], byte[]> values = new TreeMap<>(Arrays::compareUnsigned);

  /** Does a step to the store, compares what it returns, and then does it here. */
  void run(Step step, BlobStore store) {
    byte[] key = step.keyBytes();
    switch (step.kind()) {
      case PUT -> {
        store.put(key, step.value());
        values.put(key, step.value());
      }
      case PUT_BUFFER -> {
        store.put(key, buffer(step.value()));
        values.put(key, step.value());
      }
      case GET -> assertArrayEquals(values.get(key), store.get(key));
      case GET_INTO -> checkGetInto(key, store);
      case VIEW -> checkView(key, store);
      case CONTAINS -> assertEquals(values.containsKey(key), store.contains(key));
      case DELETE -> {
        assertEquals(values.containsKey(key), store.delete(key));
        values.remove(key);
      }
      case KEYS -> checkKeys(store, KeyRange.prefix(new byte[] {key[0]}));
      case SYNC -> store.sync();
      case REOPEN -> throw new IllegalArgumentException("the caller reopens");
    }
  }

  /** Direct and heap in turns, with something before and behind the value. */
  private static ByteBuffer buffer(byte[] value) {
    int capacity = value.length + 20;
    ByteBuffer buffer =
        value.length % 2 == 0 ? ByteBuffer.allocate(capacity) : ByteBuffer.allocateDirect(capacity);
    return buffer.put(7, value).position(7).limit(7 + value.length);
  }

  private void checkGetInto(byte[] key, BlobStore store) {
    byte[] expected = values.get(key);
    int size = expected == null ? 0 : expected.length;
    ByteBuffer destination = ByteBuffer.allocateDirect(size + 3).position(3);
    assertEquals(expected == null ? -1 : size, store.get(key, destination));
    if (expected != null) {
      byte[] found = new byte[size];
      destination.get(3, found);
      assertArrayEquals(expected, found);
      assertEquals(3 + size, destination.position());
    }
  }

  private void checkView(byte[] key, BlobStore store) {
    byte[] expected = values.get(key);
    try (Blob blob = store.view(key)) {
      if (blob == null) {
        assertNull(expected);
        return;
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      blob.writeTo(Channels.newChannel(out));
      assertArrayEquals(expected, out.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Compares every key of the store, and none other, with the model, and the files with the
   * figures.
   */
  void checkAll(BlobStore store, Disk disk, Path root) {
    checkAll(store);
    StoreInvariants.check(store, disk, root);
  }

  /** Compares every key of the store, and none other, with the model. */
  void checkAll(BlobStore store) {
    for (int key = 0; key < Step.KEYS; key++) {
      check(Step.keyBytes(key), store);
    }
    assertEquals(values.size(), store.stats().keys());
    StoreInvariants.check(store);
  }

  void check(byte[] key, BlobStore store) {
    assertArrayEquals(
        values.get(key), store.get(key), () -> "value of key " + Arrays.toString(key));
  }

  /** Of a cache that may be evicting right now. */
  void checkNewestOrNone(byte[] key, BlobStore store) {
    byte[] found = store.get(key);
    assertTrue(
        found == null || Arrays.equals(values.get(key), found),
        () -> "key " + Arrays.toString(key) + " has a value that is not its newest");
  }

  /** Compares the order of keys. */
  void checkKeys(BlobStore store, KeyRange range) {
    List<String> expected =
        values.keySet().stream().filter(range::contains).map(Arrays::toString).toList();
    List<String> found = new ArrayList<>();
    try (KeyCursor cursor = store.keys(range)) {
      while (cursor.next()) {
        found.add(Arrays.toString(cursor.key()));
      }
    }
    assertEquals(expected, found);
  }

  /** Does a step to a cache, of which reads evict nothing; who writes may find its key evicted. */
  void runInCache(Step step, BlobStore store) {
    if (step.kind() != Step.Kind.DELETE) {
      run(step, store);
      return;
    }
    long before = store.stats().evictions();
    boolean had = values.remove(step.keyBytes()) != null;
    boolean deleted = store.delete(step.keyBytes());
    assertTrue(had || !deleted, "deleted what was not there");
    if (had && !deleted) {
      assertEvicted(before + 1, store);
    }
  }

  /** Another thread counts an eviction just after the key has gone. */
  static void assertEvicted(long atLeast, BlobStore store) {
    for (int i = 0; i < ATTEMPTS && store.stats().evictions() < atLeast; i++) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    long evicted = store.stats().evictions();
    assertTrue(evicted >= atLeast, atLeast + " keys are gone, but " + evicted + " evicted");
  }

  /** Takes over that a cache has evicted keys; returns how many. */
  int forgetEvicted(BlobStore store) {
    int before = values.size();
    values.keySet().removeIf(key -> !isPresent(key, store));
    return before - values.size();
  }

  /** Unlike a read, leaves no mark that eviction sees. */
  private static boolean isPresent(byte[] key, BlobStore store) {
    long[] hash = new long[2];
    store.directory().hasher().hash(key, hash);
    long location = store.directory().index().get(hash[0], hash[1]);
    return location != Location.NONE && !Location.isTombstone(location);
  }

  /** Takes over what a key has in a store after a step that a crash cut short. */
  void adopt(byte[] key, byte @Nullable [] value) {
    if (value == null) {
      values.remove(key);
    } else {
      values.put(key, value);
    }
  }

  byte @Nullable [] get(byte[] key) {
    return values.get(key);
  }
}
