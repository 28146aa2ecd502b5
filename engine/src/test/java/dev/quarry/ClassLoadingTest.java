package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory runs out whenever the JVM loads a class for the first time. What a store needs late, as
 * the types of its refusals, is loaded when there is the least memory.
 */
class ClassLoadingTest {

  /**
   * Loads the store's classes, and is asked by the JVM for those of others that they use; once it
   * is short of memory, it gives each at the second try only.
   */
  private static final class ShortLoader extends ClassLoader {

    private final Set<String> refused = new HashSet<>();
    private volatile boolean isShort;

    ShortLoader() {
      super(ClassLoadingTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null) {
          return loaded;
        }
        requireMemory(name);
        return name.startsWith("dev.quarry.") ? define(name) : super.loadClass(name, resolve);
      }
    }

    private synchronized void requireMemory(String name) {
      boolean ofTests = name.startsWith("org.junit.") || name.contains("Simulated");
      if (isShort && !ofTests && refused.add(name)) {
        throw new OutOfMemoryError("no memory for " + name);
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  /** Uses a store. This class is loaded by that loader, too. */
  public static final class Victim {

    private static final int MOST_REFUSALS = 500;
    private static final long PAUSE_NANOS = 20_000_000;

    private int refusals;

    private Victim() {}

    /**
     * Uses a store.
     *
     * @param shorten begins the lack of memory, or ends it
     */
    public static void run(String mode, Consumer<Boolean> shorten) {
      new Victim().use(StoreMode.valueOf(mode), shorten);
    }

    private void use(StoreMode mode, Consumer<Boolean> shorten) {
      SimulatedDisk disk = new SimulatedDisk(1);
      AtomicBoolean lacks = new AtomicBoolean();
      FaultyDisk faulty =
          new FaultyDisk(
              disk,
              (operation, path) ->
                  operation == Operation.CREATE && lacks.get()
                      ? new DiskShortageException("none left")
                      : null);
      byte[] large = new byte[200_000];
      List<byte[]> values = IntStream.range(0, 60).mapToObj(i -> value(i, 10_000)).toList();
      BlobStore store = StoreFixture.open(faulty, StoreFixture.options(mode));
      LockSupport.parkNanos(PAUSE_NANOS); // what the test itself needs is loaded
      shorten.accept(true);
      lacks.set(true);
      for (int i = 0; i < 20; i++) { // each loads something more, and gets further
        tryToPut(store, 1_000, large);
        tryToPut(store, 1_001, values.get(1));
      }
      lacks.set(false);
      for (int i = 0; i < values.size(); i++) {
        while (!tryToPut(store, i, values.get(i))) {}
      }
      while (!tryToPut(store, 60, large)) {}
      shorten.accept(false);
      assertNull(store.stats().failure(), "a lack of memory is no failure");
      assertTrue(refusals > 2, "something was refused");
      StoreFixture.assertAll(store, 0, 60, 10_000);
      assertArrayEquals(large, store.get(key(60)));
      store.close();
      assertEquals(List.of(), disk.openHandles());
    }

    /** Puts a value whose file has its name already when a sync of the directory meets a lack. */
    public static void runIntoAPause(String mode, Consumer<Boolean> shorten) {
      AtomicBoolean lacks = new AtomicBoolean();
      FaultyDisk faulty =
          new FaultyDisk(
              new SimulatedDisk(1),
              (operation, path) ->
                  operation == Operation.SYNC_DIRECTORY && lacks.getAndSet(false)
                      ? new DiskShortageException("none left")
                      : null);
      byte[] large = new byte[200_000];
      Victim victim = new Victim();
      try (BlobStore store =
          StoreFixture.open(faulty, StoreFixture.options(StoreMode.valueOf(mode)))) {
        store.put(key(0), large); // so that all is loaded but what a pause needs
        shorten.accept(true);
        lacks.set(true);
        while (!victim.tryToPut(store, 1, large)) {}
        shorten.accept(false);
        assertFalse(lacks.get(), "the lack was met");
        assertNull(store.stats().failure(), "a lack is no failure");
        assertArrayEquals(large, store.get(key(1)));
      }
    }

    private boolean tryToPut(BlobStore store, int number, byte[] value) {
      try {
        store.put(key(number), value);
        return true;
      } catch (ResourceExhaustedException | OutOfMemoryError e) {
        refusals++;
        assertTrue(refusals < MOST_REFUSALS, () -> "still: " + e);
        LockSupport.parkNanos(PAUSE_NANOS);
        return false;
      }
    }
  }

  /** Calls a method of the victim, which that loader loads. */
  private static void use(ShortLoader loader, String method, StoreMode mode) throws Exception {
    Consumer<Boolean> shorten = isShort -> loader.isShort = isShort;
    Method run =
        loader.loadClass(Victim.class.getName()).getMethod(method, String.class, Consumer.class);
    try {
      run.invoke(null, mode.name(), shorten);
    } catch (InvocationTargetException e) { // an error of memory would end the JVM of the tests
      throw new AssertionError(e.getCause());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStoreGoesOnThoughMemoryRanOutWhenAClassWasLoaded(StoreMode mode) throws Exception {
    ShortLoader loader = new ShortLoader();
    use(loader, "run", mode);
    assertTrue(loader.refused.size() > 2, () -> "late are " + loader.refused);
  }

  @ParameterizedTest
  @EnumSource
  void whatAPauseNeedsIsLoadedBefore(StoreMode mode) throws Exception {
    use(new ShortLoader(), "runIntoAPause", mode);
  }
}
