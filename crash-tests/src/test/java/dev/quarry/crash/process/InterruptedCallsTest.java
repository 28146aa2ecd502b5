package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every public method of an open store, on the real file system, where an interrupt closes the
 * channel it hits: called by a thread whose interrupt status is set, and by one that is interrupted
 * again and again meanwhile. Each does what it should, and leaves the status set.
 */
@Tag("slow")
class InterruptedCallsTest {

  private static final int TIMES = 4;
  private static final long PAUSE_NANOS = 150_000;
  private static final byte[] KEY = {1};
  private static final byte[] OTHER = {2};

  @TempDir Path directory;
  private StoreMode mode = StoreMode.DURABLE;
  private int count;

  /** A call, which checks by itself what it returns. */
  @FunctionalInterface
  private interface Call {
    void run(BlobStore store) throws IOException;
  }

  @AfterEach
  void clear() {
    Thread.interrupted();
  }

  private Map<String, Call> calls() {
    Map<String, Call> calls = new LinkedHashMap<>();
    calls.put("BlobStore.open", store -> open(directory.resolve("n" + count++)).close());
    calls.put("BlobStore.close", store -> closeOther());
    calls.put("BlobStore.put", store -> putAndGet(store, 700, false));
    calls.put("BlobStore.put of a buffer", store -> putAndGet(store, 30_000, true));
    calls.put("BlobStore.put of a large value", store -> putAndGet(store, 200_000, false));
    calls.put("BlobStore.get", store -> assertArrayEquals(value(5_000), store.get(KEY)));
    calls.put("BlobStore.get to a buffer", InterruptedCallsTest::getToBuffer);
    calls.put("BlobStore.contains", store -> assertTrue(store.contains(KEY)));
    calls.put("BlobStore.delete", this::delete);
    calls.put("BlobStore.sync", BlobStore::sync);
    calls.put("BlobStore.stats", store -> assertNull(store.stats().failure()));
    calls.put("BlobStore.view", InterruptedCallsTest::view);
    calls.put("Blob.size", InterruptedCallsTest::view);
    calls.put("Blob.buffer", InterruptedCallsTest::view);
    calls.put("Blob.writeTo", InterruptedCallsTest::view);
    calls.put("Blob.close", InterruptedCallsTest::view);
    calls.put("BlobStore.keys", InterruptedCallsTest::list);
    calls.put("KeyCursor.next", InterruptedCallsTest::list);
    calls.put("KeyCursor.key", InterruptedCallsTest::list);
    calls.put("KeyCursor.close", InterruptedCallsTest::list);
    return calls;
  }

  @Test
  void everyPublicMethodIsCalled() {
    Set<String> methods =
        Stream.of(BlobStore.class, Blob.class, KeyCursor.class)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(InterruptedCallsTest::name)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> called = new TreeSet<>();
    calls().keySet().forEach(name -> called.add(name.split(" ", 2)[0]));
    assertEquals(methods, called);
  }

  private static String name(Method method) {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }

  @ParameterizedTest
  @EnumSource
  void aCallByAnInterruptedThreadDoesWhatItShould(StoreMode of) throws Exception {
    attack(
        of,
        (call, store) -> {
          Thread.currentThread().interrupt();
          call.run(store);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aCallThatIsInterruptedAllTheTimeDoesWhatItShould(StoreMode of) throws Exception {
    attack(
        of,
        (call, store) -> {
          AtomicBoolean ended = new AtomicBoolean();
          Thread caller = Thread.currentThread();
          Thread storm = new Thread(() -> interrupt(caller, ended));
          storm.start();
          try {
            call.run(store);
          } finally {
            ended.set(true);
            join(storm);
          }
        });
  }

  private static void interrupt(Thread caller, AtomicBoolean ended) {
    do {
      caller.interrupt();
      LockSupport.parkNanos(PAUSE_NANOS);
    } while (!ended.get());
  }

  /** Leaves the interrupt status as it is. */
  private static void join(Thread thread) {
    while (thread.isAlive()) {
      Thread.onSpinWait();
    }
  }

  @FunctionalInterface
  private interface Attack {
    void on(Call call, BlobStore store) throws IOException;
  }

  private void attack(StoreMode of, Attack attack) throws IOException {
    mode = of;
    try (BlobStore store = open(directory.resolve("store"))) {
      store.put(KEY, value(5_000));
      for (int i = 0; i < 30; i++) {
        store.put(new byte[] {3, (byte) i}, value(6_000)); // so that there are segments, too
      }
      for (Map.Entry<String, Call> each : calls().entrySet()) {
        for (int time = 0; time < TIMES; time++) {
          attack.on(each.getValue(), store);
          assertTrue(Thread.interrupted(), () -> each.getKey() + " swallowed the interrupt");
        }
        assertNull(store.stats().failure(), each.getKey());
        assertArrayEquals(value(5_000), store.get(KEY), each.getKey());
      }
      StoreInvariants.check(store);
    }
    try (BlobStore store = open(directory.resolve("store"))) {
      assertArrayEquals(value(5_000), store.get(KEY));
      assertFalse(store.contains(OTHER));
    }
  }

  private BlobStore open(Path where) {
    return BlobStore.open(where, TestStores.small(mode));
  }

  private static byte[] value(int length) {
    byte[] value = new byte[length];
    Arrays.fill(value, (byte) length);
    return value;
  }

  private void closeOther() {
    BlobStore other = open(directory.resolve("other"));
    other.put(KEY, value(100));
    other.close();
    try (BlobStore again = open(directory.resolve("other"))) {
      assertArrayEquals(value(100), again.get(KEY));
    }
  }

  private static void putAndGet(BlobStore store, int length, boolean direct) {
    byte[] value = value(length);
    value[0] = (byte) System.nanoTime();
    if (direct) {
      store.put(OTHER, ByteBuffer.allocateDirect(length).put(0, value));
    } else {
      store.put(OTHER, value);
    }
    assertArrayEquals(value, store.get(OTHER));
  }

  private static void getToBuffer(BlobStore store) {
    ByteBuffer destination = ByteBuffer.allocateDirect(6_000);
    assertEquals(5_000, store.get(KEY, destination));
    assertEquals(ByteBuffer.wrap(value(5_000)), destination.flip());
  }

  private void delete(BlobStore store) {
    store.put(OTHER, value(10));
    assertTrue(store.delete(OTHER));
    assertFalse(store.delete(OTHER));
    assertNull(store.get(OTHER));
  }

  private static void view(BlobStore store) throws IOException {
    try (Blob blob = store.view(KEY)) {
      assertNotNull(blob);
      assertEquals(5_000, blob.size());
      assertEquals(ByteBuffer.wrap(value(5_000)), blob.buffer());
      ByteBuffer sink = ByteBuffer.allocate(5_000);
      assertEquals(5_000, blob.writeTo(new Sink(sink)));
      assertEquals(ByteBuffer.wrap(value(5_000)), sink.flip());
    }
  }

  private static void list(BlobStore store) {
    int count = 0;
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        if (count++ == 0) {
          assertArrayEquals(KEY, cursor.key());
        }
      }
    }
    assertEquals(31, count);
  }

  /** A channel that does not close when its thread is interrupted, as those of files do. */
  private record Sink(ByteBuffer buffer) implements WritableByteChannel {

    @Override
    public int write(ByteBuffer source) {
      int length = source.remaining();
      buffer.put(source);
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
