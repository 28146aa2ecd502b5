package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that has few file descriptors left ({@code ulimit -n}). */
@Tag("slow")
class DescriptorLimitTest {

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void aStoreThatRunsOutOfDescriptorsSaysSoAndLosesNothing(StoreMode mode) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")));
    List<String> held =
        ChildJvm.of(Child.class)
            .withoutLog()
            .after("ulimit -n 160")
            .run(directory.toString(), mode.name());
    Tracked tracked = Tracked.of(held.subList(1, held.size()));
    System.out.println(mode + ": " + held.get(0));
    try (BlobStore store = BlobStore.open(directory, TestStores.small(mode))) {
      tracked.check(store, "reopened by a process with enough");
      StoreInvariants.check(store);
    }
  }

  /** The process, which takes nearly all the descriptors there are. */
  static final class Child {

    private static final int MOST_LEFT = 12;

    private final Path root;
    private final StoreMode mode;
    private final Tracked tracked = new Tracked(4);
    private final List<Closeable> hoard = new ArrayList<>();
    private boolean hasLost;
    private int refusedOpenings;
    private int refusals;

    private Child(Path root, StoreMode mode) {
      this.root = root;
      this.mode = mode;
    }

    public static void main(String[] arguments) throws Exception {
      loadClasses();
      new Child(Path.of(arguments[0]), StoreMode.valueOf(arguments[1])).run();
    }

    /** A class that is needed for the first time when no file can be opened is never found. */
    static void loadClasses() throws Exception {
      for (String place : System.getProperty("java.class.path").split(":", -1)) {
        for (String name : classes(Path.of(place))) {
          try {
            Class.forName(name);
          } catch (LinkageError e) {
            // one that needs what is not there, and is not needed itself
          }
        }
      }
    }

    private static List<String> classes(Path place) throws IOException {
      List<String> names = new ArrayList<>();
      if (Files.isDirectory(place)) {
        try (Stream<Path> files = Files.walk(place)) {
          files.forEach(file -> names.add(place.relativize(file).toString()));
        }
      } else if (Files.exists(place)) {
        try (JarFile jar = new JarFile(place.toFile())) {
          jar.stream().forEach(entry -> names.add(entry.getName()));
        }
      }
      return names.stream()
          .filter(name -> name.startsWith("dev/quarry/") && name.endsWith(".class"))
          .filter(name -> !name.contains("package-info") && !name.contains("crash"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .toList();
    }

    private void run() throws IOException {
      use(true); // before anything is short, so that what is loaded late is loaded
      Path directory = root.toRealPath();
      try (BlobStore store = open()) {
        assertFalse(descriptors(directory).isEmpty(), "an open store has some: " + store.stats());
      }
      for (int left = 0; left <= MOST_LEFT; left++) {
        takeAllBut(left);
        useFew();
        release();
        assertEquals(List.of(), descriptors(directory), "descriptors are given back");
        use(false);
      }
      assertTrue(refusedOpenings > 0, "some openings fail");
      assertTrue(refusals > 0, "some operations are refused later");
      System.out.println(refusedOpenings + " openings and " + refusals + " operations refused");
      tracked.toLines().forEach(System.out::println);
    }

    private BlobStore open() {
      return BlobStore.open(root, TestStores.small(mode));
    }

    private void use(boolean first) {
      try (BlobStore store = open()) {
        if (!first && hasLost) {
          tracked.checkOnceTrue(store, "with enough again");
        } else if (!first) {
          tracked.check(store, "with enough again");
        }
        hasLost = false;
        tracked.settle(store);
        for (int i = 0; i < 50; i++) {
          assertNull(tracked.step(store));
        }
        tracked.check(store, "with enough");
      }
    }

    private void useFew() {
      BlobStore store;
      try {
        store = open();
      } catch (ResourceExhaustedException e) {
        refusedOpenings++;
        return;
      }
      try (store) {
        for (int i = 0; i < 200; i++) {
          Throwable failure = tracked.step(store);
          if (failure != null) {
            assertInstanceOf(ResourceExhaustedException.class, failure);
            refusals++;
          }
        }
        assertNull(store.stats().failure(), "a lack of descriptors is no failure");
        if (mode == StoreMode.CACHE) {
          tracked.checkOfLossy(store, "with few");
        } else {
          tracked.check(store, "with few");
        }
      } catch (ResourceExhaustedException e) {
        hasLost = mode == StoreMode.CACHE; // what was in memory alone
      }
    }

    private void takeAllBut(int left) throws IOException {
      try {
        while (true) {
          hoard.add(new FileInputStream("/dev/null"));
        }
      } catch (IOException e) {
        for (int i = 0; i < left; i++) {
          hoard.remove(hoard.size() - 1).close();
        }
      }
    }

    private void release() throws IOException {
      for (Closeable each : hoard) {
        each.close();
      }
      hoard.clear();
    }

    /** What is open of the store and of the directories that it is in. */
    private static List<Path> descriptors(Path directory) throws IOException {
      List<Path> open = new ArrayList<>();
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
        for (Path descriptor : descriptors.toList()) {
          Path target = target(descriptor);
          if (target.startsWith(directory) || directory.startsWith(target)) {
            open.add(target);
          }
        }
      }
      return open;
    }

    private static Path target(Path descriptor) throws IOException {
      try {
        return Files.readSymbolicLink(descriptor);
      } catch (NoSuchFileException e) {
        return descriptor; // that of the listing itself
      }
    }
  }
}
