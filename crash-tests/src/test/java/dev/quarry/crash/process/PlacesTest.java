package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Real places: file systems, mounts and permissions, each made for a process of its own. In each of
 * them a store flushes, compacts, deletes, is closed and opened again, or its opening is refused
 * with a message that says why. A place that this machine does not permit, or has no tool for, is
 * skipped.
 */
@Tag("slow")
class PlacesTest {

  private static final String WORKS = "";
  private static final String TWO_MOUNTS = "are on different file systems or mounts";

  /** Root is bound by no permission, unless it gives this up. */
  private static final String AS_A_USER =
      "setpriv --bounding-set=-dac_override,-dac_read_search"
          + " --inh-caps=-dac_override,-dac_read_search";

  /** A place, as shell commands that make it of the directory $0, and what is to come of it. */
  enum Place {
    TMPFS("mount -t tmpfs tmpfs $0", WORKS, WORKS),
    A_FILE_SYSTEM_THAT_SAYS_IT_HAS_NO_SPACE("mount -t ramfs ramfs $0", WORKS, WORKS),
    THE_ROOT_OF_A_FRESH_EXT4(fresh("ext4 -q -F", 64), WORKS, WORKS),
    THE_ROOT_OF_A_FRESH_XFS(fresh("xfs -q -f", 330), WORKS, WORKS),
    THE_ROOT_OF_A_FRESH_BTRFS(fresh("btrfs -q -f", 130), WORKS, WORKS),
    OVERLAY(
        "mount -t tmpfs tmpfs $0 && mkdir $0/l $0/u $0/w"
            + " && mount -t overlay overlay -o lowerdir=$0/l,upperdir=$0/u,workdir=$0/w $0",
        WORKS,
        WORKS),
    WITHOUT_EXECUTION("mount -t tmpfs -o noexec,nosuid,nodev tmpfs $0", WORKS, WORKS),
    READ_ONLY(
        "mount -t tmpfs tmpfs $0 && mount -o remount,ro $0",
        "the file system is read-only",
        "the file system is read-only"),
    WITHOUT_ROOM_FOR_A_FILE(
        "mount -t tmpfs -o nr_inodes=1 tmpfs $0", "the disk is full", "the disk is full"),
    SEGMENTS_ON_ANOTHER_DEVICE(
        "mkdir $0/segments && mount -t tmpfs tmpfs $0/segments", TWO_MOUNTS, WORKS),
    LOGS_ON_ANOTHER_DEVICE("mkdir $0/wal && mount -t tmpfs tmpfs $0/wal", TWO_MOUNTS, WORKS),
    SEGMENTS_THROUGH_A_LINK(
        "mkdir $0.2 && mount -t tmpfs tmpfs $0.2 && ln -s $0.2 $0/segments", TWO_MOUNTS, WORKS),
    SEGMENTS_BOUND_FROM_THE_SAME_DEVICE(
        "mkdir $0/segments $0.2 && mount --bind $0.2 $0/segments", TWO_MOUNTS, WORKS),
    CHECKPOINT_ON_ANOTHER_DEVICE("mkdir $0/index && mount -t tmpfs tmpfs $0/index", WORKS, WORKS),
    BELOW_A_DIRECTORY_THAT_MAY_NOT_BE_READ("chmod 311 $0/..", WORKS, WORKS, AS_A_USER),
    NOT_TO_BE_WRITTEN(
        "chmod 555 $0",
        "create, rename or delete files in",
        "create, rename or delete files in",
        AS_A_USER),
    NOT_TO_BE_READ("chmod 333 $0", "may not read", "may not read", AS_A_USER),
    NOT_TO_BE_SEARCHED(
        "chmod 666 $0", "may not search the directory", "may not search the directory", AS_A_USER),
    SEGMENTS_NOT_TO_BE_WRITTEN(
        "mkdir $0/segments && chmod 555 $0/segments",
        "create, rename or delete files in",
        "create, rename or delete files in",
        AS_A_USER),
    FILES_WITHOUT_PERMISSIONS("umask 0777", "may not read", "may not read", AS_A_USER);

    private final String commands;
    private final String durable;
    private final String cache;
    private final String user;

    Place(String commands, String durable, String cache) {
      this(commands, durable, cache, "");
    }

    Place(String commands, String durable, String cache, String user) {
      this.commands = commands;
      this.durable = durable;
      this.cache = cache;
      this.user = user;
    }

    private static String fresh(String kind, int megabytes) {
      return "truncate -s "
          + megabytes
          + "M $0.img && PATH=$PATH:/sbin:/usr/sbin mkfs."
          + kind
          + " $0.img && mount -o loop $0.img $0";
    }

    String refusal(StoreMode mode) {
      return mode == StoreMode.DURABLE ? durable : cache;
    }
  }

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void aDurableStoreWorksThereOrIsRefusedAtOpen(Place place) throws Exception {
    tryAt(place, StoreMode.DURABLE);
  }

  @ParameterizedTest
  @EnumSource
  void aCacheWorksThereOrIsRefusedAtOpen(Place place) throws Exception {
    tryAt(place, StoreMode.CACHE);
  }

  private void tryAt(Place place, StoreMode mode) throws Exception {
    Path root = Files.createDirectories(directory.resolve("parent/store"));
    assumeTrue(isPossible(place, root), "this machine does not permit it");
    clear();
    Files.createDirectories(root);
    ChildJvm.of(Child.class)
        .withoutLog()
        .startedBy("unshare", "-m")
        .startedBy(
            "sh", "-c", place.commands + " && exec " + place.user + " \"$@\"", root.toString())
        .run(root.toString(), mode.name(), place.refusal(mode));
    clear();
  }

  private static boolean isPossible(Place place, Path root) throws InterruptedException {
    List<String> trial =
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            place.commands + " && exec " + place.user + " true",
            root.toString());
    try {
      return new ProcessBuilder(new ArrayList<>(trial)).start().waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such command
    }
  }

  /** Directories that nobody may read or search are in the way of deleting them. */
  private void clear() throws Exception {
    new ProcessBuilder("chmod", "-R", "u+rwX", directory.toString()).start().waitFor();
    for (Path each : Trees.files(directory)) {
      Trees.delete(each);
    }
  }

  /** The process in the place. */
  static final class Child {

    private Child() {}

    public static void main(String[] arguments) throws IOException {
      Path root = Path.of(arguments[0]);
      StoreMode mode = StoreMode.valueOf(arguments[1]);
      String refusal = arguments[2];
      if (refusal.isEmpty()) {
        live(root, mode);
      } else {
        assertRefused(root, mode, refusal);
      }
    }

    private static void live(Path root, StoreMode mode) {
      Tracked tracked = new Tracked(7);
      for (int opening = 0; opening < 3; opening++) {
        try (BlobStore store = BlobStore.open(root, TestStores.small(mode))) {
          tracked.check(store, "opening " + opening);
          for (int i = 0; i < 100; i++) {
            assertNull(tracked.step(store));
          }
          store.sync();
          tracked.check(store, "in use");
          assertNull(store.stats().failure());
          StoreInvariants.check(store);
        }
      }
    }

    /** Twice, as a first attempt may leave what stops the second, or makes it work. */
    private static void assertRefused(Path root, StoreMode mode, String refusal) {
      for (int attempt = 0; attempt < 2; attempt++) {
        try (BlobStore store = BlobStore.open(root, TestStores.small(mode))) {
          fail("opened: " + store.stats());
        } catch (BlobStoreException e) {
          assertTrue(e.getMessage().contains(refusal), e.getMessage());
          assertTrue(e.getMessage().contains(root.toString()), e.getMessage());
        }
        assertFalse(Files.exists(root.resolve("STORE")), "nothing is begun");
      }
      boolean hasParts =
          Files.exists(root.resolve("segments")) || Files.exists(root.resolve("wal"));
      assertTrue(hasParts || !Files.exists(root.resolve("LOCK")), "nothing is left in it");
    }
  }
}
