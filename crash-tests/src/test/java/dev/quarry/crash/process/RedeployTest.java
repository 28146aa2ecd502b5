package dev.quarry.crash.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.StoreLockedException;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An application that uses stores is undeployed while the threads that it ran on live on. Nothing
 * of Quarry is left then: its classes are collected, and it has no thread and no system property.
 */
@Tag("slow")
class RedeployTest {

  private static final int DEPLOYMENTS = 2;
  private static final int THREADS = 3;
  private static final int KEYS = 200;
  private static final int MOST_COLLECTIONS = 600;

  @TempDir private Path directory;

  /** Loaded anew for each deployment, and told what to do by a string, as both loaders know it. */
  public static final class Application implements Consumer<String> {

    private final List<BlobStore> stores = new ArrayList<>();
    private Path directory = Path.of("");

    @Override
    public void accept(String task) {
      if (task.equals("use")) {
        stores.forEach(store -> use(store, false));
      } else if (task.equals("list")) {
        stores.forEach(store -> use(store, true));
      } else if (task.equals("close")) {
        stores.forEach(BlobStore::close);
        stores.forEach(BlobStore::close);
        stores.clear();
      } else {
        open(Path.of(task));
      }
    }

    private void open(Path path) {
      directory = path;
      stores.add(open("durable", BlobStoreOptions.durable()));
      stores.add(open("cache", BlobStoreOptions.cache(1 << 26)));
      mustFail("durable", BlobStoreOptions.durable());
      stores.get(1).close();
      mustFail("cache", BlobStoreOptions.durable());
      stores.set(1, open("cache", BlobStoreOptions.cache(1 << 26)));
    }

    private BlobStore open(String name, BlobStoreOptions options) {
      return BlobStore.open(
          directory.resolve(name), options.toBuilder().segmentBytes(1 << 20).build());
    }

    private void mustFail(String name, BlobStoreOptions options) {
      try {
        open(name, options).close();
      } catch (StoreLockedException | IllegalArgumentException e) {
        return;
      }
      throw new AssertionError(name + " was opened");
    }

    private static void use(BlobStore store, boolean list) {
      for (int i = 0; i < KEYS; i++) {
        byte[] key = ("key " + i).getBytes(UTF_8);
        store.put(key, new byte[ThreadLocalRandom.current().nextInt(20_000)]);
        store.put(key, ByteBuffer.allocateDirect(i == 7 ? 2_000_000 : 100));
        store.get(key);
        store.contains(key);
        try (Blob blob = store.view(key)) {
          if (blob != null) {
            blob.size();
          }
        }
        if (i % 3 == 0) {
          store.delete(key);
        }
      }
      store.stats();
      store.sync();
      if (list) {
        try (KeyCursor keys = store.keys(KeyRange.all())) {
          while (keys.next()) {
            keys.key();
          }
        }
      }
    }
  }

  /** A JVM of its own, as what is to be shown is about all of it. */
  static final class Container {

    private Container() {}

    public static void main(String[] arguments) throws Exception {
      ExecutorService pool = Executors.newFixedThreadPool(THREADS);
      for (int i = 0; i < DEPLOYMENTS; i++) {
        WeakReference<ClassLoader> deployment = deploy(pool, Path.of(arguments[0]), arguments[1]);
        System.out.println(isCollected(deployment) ? "collected" : "still there");
        System.out.println(leftBehind());
      }
      pool.shutdownNow();
    }

    @SuppressWarnings("unchecked")
    private static WeakReference<ClassLoader> deploy(
        ExecutorService pool, Path directory, String use) throws Exception {
      try (URLClassLoader loader = AnotherLoader.create()) {
        Consumer<String> application =
            (Consumer<String>)
                loader
                    .loadClass(Application.class.getName())
                    .getDeclaredConstructor()
                    .newInstance();
        everywhere(pool, 1, () -> application.accept(directory.toString()));
        everywhere(pool, THREADS, () -> application.accept(use));
        everywhere(pool, 1, () -> application.accept("close"));
        everywhere(pool, THREADS, () -> {});
        return new WeakReference<>(loader);
      }
    }

    private static void everywhere(ExecutorService pool, int times, Runnable task)
        throws Exception {
      List<Future<?>> tasks = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        tasks.add(pool.submit(task));
      }
      for (Future<?> each : tasks) {
        each.get();
      }
    }

    private static boolean isCollected(WeakReference<ClassLoader> deployment)
        throws InterruptedException {
      for (int i = 0; i < MOST_COLLECTIONS && deployment.get() != null; i++) {
        System.gc();
        Thread.sleep(50);
      }
      return deployment.get() == null;
    }

    private static List<String> leftBehind() {
      List<String> left = new ArrayList<>();
      Thread.getAllStackTraces().keySet().stream()
          .map(Thread::getName)
          .filter(name -> name.contains("quarry"))
          .forEach(left::add);
      System.getProperties().stringPropertyNames().stream()
          .filter(name -> name.startsWith("dev.quarry."))
          .forEach(left::add);
      return left;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"use", "list"})
  void anApplicationThatIsUndeployedLeavesNothingBehind(String use) throws IOException {
    List<String> said = ChildJvm.of(Container.class).run(directory.toString(), use);
    assertEquals(List.of("collected", "[]", "collected", "[]"), said);
  }
}
