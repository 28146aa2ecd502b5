package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a crash of the simulated disk may leave of names, and what it must. */
class SimulatedDirectoryCrashTest {

  private static final int SEEDS = 300;
  private static final Path ROOT = Path.of("/");
  private static final Path WAL = Path.of("/wal");
  private static final Path SEGMENTS = Path.of("/segments");

  private final SimulatedDisk disk = new SimulatedDisk();

  @BeforeEach
  void createDirectories() throws IOException {
    disk.createDirectories(WAL);
    disk.createDirectories(SEGMENTS);
    disk.syncDirectory(ROOT);
  }

  /** Writes and forces a file whose content tells it from others. */
  private void put(Path path, int value) throws IOException {
    Blocks.write(disk, path, value);
  }

  private void putDurably(Path path, int value) throws IOException {
    put(path, value);
    disk.syncDirectory(path.getParent());
  }

  /** All that may be left, as "wal/name=value" of each file. */
  private Set<String> left(Survival survival) throws IOException {
    Set<String> left = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      left.add(files(disk.afterCrash(survival, seed)));
    }
    return left;
  }

  private static String files(Disk disk) throws IOException {
    List<String> files = new ArrayList<>();
    for (Path directory : List.of(WAL, SEGMENTS)) {
      for (String name : disk.list(directory)) {
        Path path = directory.resolve(name);
        files.add(path.toString().substring(1) + "=" + Blocks.values(disk, path));
      }
    }
    return String.join(" ", files);
  }

  @Test
  void aFileIsGoneUnlessItsDirectoryWasSynced() throws IOException {
    put(WAL.resolve("1"), 7);
    assertEquals(Set.of(""), left(Survival.NONE));
    assertEquals(Set.of("", "wal/1=7"), left(Survival.SUBSET));
    assertEquals(Set.of("wal/1=7"), left(Survival.ALL));
    disk.syncDirectory(SEGMENTS);
    disk.syncDirectory(ROOT);
    assertEquals(Set.of(""), left(Survival.NONE));
    disk.syncDirectory(WAL);
    assertEquals(Set.of("wal/1=7"), left(Survival.RANDOM));
  }

  @Test
  void aNameMayBeDurableBeforeItsContentIs() throws IOException {
    try (DiskFile file = disk.create(WAL.resolve("1"))) {
      file.write(Blocks.of(7), 0);
    }
    disk.syncDirectory(WAL);
    assertEquals(Set.of("wal/1="), left(Survival.NONE));
    assertEquals(Set.of("wal/1=", "wal/1=7"), left(Survival.SUBSET));
  }

  @Test
  void anUnsyncedDeleteMayComeBack() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.delete(WAL.resolve("1"));
    assertFalse(disk.exists(WAL.resolve("1")));
    assertEquals(Set.of("wal/1=7"), left(Survival.NONE));
    assertEquals(Set.of("", "wal/1=7"), left(Survival.RANDOM));
    disk.syncDirectory(WAL);
    assertEquals(Set.of(""), left(Survival.RANDOM));
  }

  @Test
  void anySubsetOrPrefixOfTheChangesMaySurvive() throws IOException {
    putDurably(WAL.resolve("1"), 1);
    disk.delete(WAL.resolve("1"));
    put(WAL.resolve("2"), 2);
    put(WAL.resolve("3"), 3);
    assertEquals(Set.of("wal/1=1", "", "wal/2=2", "wal/2=2 wal/3=3"), left(Survival.PREFIX));
    assertEquals(
        Set.of(
            "wal/1=1",
            "",
            "wal/1=1 wal/2=2",
            "wal/2=2",
            "wal/1=1 wal/3=3",
            "wal/3=3",
            "wal/1=1 wal/2=2 wal/3=3",
            "wal/2=2 wal/3=3"),
        left(Survival.SUBSET));
  }

  @Test
  void aRenameWithinADirectoryIsAtomic() throws IOException {
    putDurably(WAL.resolve("STORE"), 1);
    put(WAL.resolve("tmp"), 2);
    disk.syncDirectory(WAL);
    disk.rename(WAL.resolve("tmp"), WAL.resolve("STORE"));
    assertEquals(Set.of("wal/STORE=1 wal/tmp=2"), left(Survival.NONE));
    assertEquals(Set.of("wal/STORE=1 wal/tmp=2", "wal/STORE=2"), left(Survival.RANDOM));
    disk.syncDirectory(WAL);
    assertEquals(Set.of("wal/STORE=2"), left(Survival.RANDOM));
  }

  @Test
  void aFileRenamedTwiceInADirectoryHasOneOfItsNames() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.rename(WAL.resolve("1"), WAL.resolve("2"));
    disk.rename(WAL.resolve("2"), WAL.resolve("3"));
    assertEquals(Set.of("wal/1=7", "wal/2=7", "wal/3=7"), left(Survival.SUBSET));
  }

  @Test
  void aRenamedFileIsUnderBothNamesBetweenTheSyncsOfItsDirectories() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.rename(WAL.resolve("1"), SEGMENTS.resolve("1"));
    assertEquals("segments/1=7", files(disk));
    assertEquals(Set.of("wal/1=7"), left(Survival.NONE));
    assertEquals(Set.of("wal/1=7", "segments/1=7", "wal/1=7 segments/1=7"), left(Survival.SUBSET));
    disk.syncDirectory(SEGMENTS);
    assertEquals(Set.of("wal/1=7 segments/1=7"), left(Survival.NONE));
    assertEquals(Set.of("wal/1=7 segments/1=7", "segments/1=7"), left(Survival.SUBSET));
    disk.syncDirectory(WAL);
    assertEquals(Set.of("segments/1=7"), left(Survival.RANDOM));
  }

  @Test
  void syncingTheOldDirectoryAloneDoesNotLoseARenamedFile() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.rename(WAL.resolve("1"), SEGMENTS.resolve("1"));
    disk.syncDirectory(WAL);
    assertEquals(Set.of("wal/1=7"), left(Survival.NONE));
    assertEquals(Set.of("wal/1=7", "segments/1=7"), left(Survival.SUBSET));
    disk.syncDirectory(SEGMENTS);
    assertEquals(Set.of("segments/1=7"), left(Survival.RANDOM));
  }

  @Test
  void aNameThatIsTakenAgainDoesNotLoseTheFileRenamedFromIt() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.rename(WAL.resolve("1"), SEGMENTS.resolve("1"));
    put(WAL.resolve("1"), 8);
    for (String files : left(Survival.SUBSET)) {
      assertTrue(files.contains("=7"), files);
    }
    disk.syncDirectory(WAL);
    assertEquals(Set.of("wal/1=8 segments/1=7"), left(Survival.NONE));
  }

  @Test
  void twoNamesThatACrashLeftAreOfOneFileAndRenamingThemDoesNothing() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    disk.rename(WAL.resolve("1"), SEGMENTS.resolve("1"));
    disk.syncDirectory(SEGMENTS);
    SimulatedDisk after = disk.afterCrash(Survival.NONE, 0);
    assertEquals(Disk.BLOCK, after.usedSpace());
    after.rename(WAL.resolve("1"), SEGMENTS.resolve("1"));
    assertEquals("wal/1=7 segments/1=7", files(after));
    try (DiskFile file = after.open(WAL.resolve("1"))) {
      file.write(Blocks.of(8), 0);
    }
    assertEquals("wal/1=8 segments/1=8", files(after));
    after.delete(WAL.resolve("1"));
    assertEquals("segments/1=8", files(after));
    assertEquals(Disk.BLOCK, after.usedSpace());
    after.delete(SEGMENTS.resolve("1"));
    assertEquals(0, after.usedSpace());
  }

  @Test
  void aDirectoryIsGoneWithAllInItUnlessItsParentWasSynced() throws IOException {
    Path inner = WAL.resolve("x");
    disk.createDirectories(inner);
    Blocks.write(disk, inner.resolve("1"), 1);
    disk.syncDirectory(inner);
    assertFalse(disk.afterCrash(Survival.NONE, 0).exists(inner));
    disk.syncDirectory(WAL);
    SimulatedDisk after = disk.afterCrash(Survival.NONE, 0);
    assertEquals("1", Blocks.values(after, inner.resolve("1")));
  }

  @Test
  void aFileMovedToADirectoryThatIsNotDurableStaysWhereItWas() throws IOException {
    putDurably(WAL.resolve("1"), 7);
    Path inner = SEGMENTS.resolve("x");
    disk.createDirectories(inner);
    disk.rename(WAL.resolve("1"), inner.resolve("1"));
    disk.syncDirectory(inner);
    disk.syncDirectory(WAL);
    SimulatedDisk after = disk.afterCrash(Survival.NONE, 0);
    assertEquals(List.of("1"), after.list(WAL));
    assertEquals(List.of(), after.list(SEGMENTS));
  }

  @Test
  void afterAFailedSyncAGoodOneLosesTheNames() throws IOException {
    put(WAL.resolve("1"), 1);
    disk.failAt(disk.ioCalls() + 1, () -> new IOException("Input/output error"));
    assertThrows(IOException.class, () -> disk.syncDirectory(WAL));
    disk.syncDirectory(WAL);
    put(WAL.resolve("2"), 2);
    disk.syncDirectory(WAL);
    assertEquals("wal/1=1 wal/2=2", files(disk));
    assertEquals(Set.of("wal/2=2"), left(Survival.NONE));
    assertEquals(Set.of("wal/2=2", "wal/1=1 wal/2=2"), left(Survival.SUBSET));
  }

  @Test
  void aCrashingCallTakesEffectOrNot() throws IOException {
    Set<String> left = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk crashing = new SimulatedDisk(seed);
      crashing.createDirectories(WAL);
      crashing.crashAt(2);
      assertThrows(SimulatedCrashException.class, () -> crashing.create(WAL.resolve("1")));
      left.add(files(crashing.afterCrash(Survival.ALL, 0)));
    }
    assertEquals(Set.of("", "wal/1="), left);
  }

  /** Random creates, deletes, renames and syncs, checked against the rules and nothing else. */
  @ParameterizedTest
  @EnumSource
  void noFileIsEverUnderNoNameUnlessItWasDeletedOrReplaced(Survival survival) throws IOException {
    for (int seed = 0; seed < 60; seed++) {
      Model model = new Model(new SplittableRandom(seed));
      for (int step = 0; step < 40; step++) {
        model.step();
        model.check(survival, seed * 100 + step);
      }
    }
  }

  /** Moves files about that are told apart by their content. */
  private static final class Model {

    private final SplittableRandom random;
    private final SimulatedDisk disk = new SimulatedDisk();
    private final Map<Path, Integer> files = new HashMap<>();
    private int created;

    /** Which files were put into each directory, or moved there, and not synced since. */
    private final Map<Path, Set<Integer>> unsynced =
        Map.of(WAL, new TreeSet<>(), SEGMENTS, new TreeSet<>());

    private final Set<Integer> durable = new TreeSet<>();

    Model(SplittableRandom random) throws IOException {
      this.random = random;
      disk.createDirectories(WAL);
      disk.createDirectories(SEGMENTS);
      disk.syncDirectory(ROOT);
    }

    private Path anyDirectory() {
      return random.nextBoolean() ? WAL : SEGMENTS;
    }

    private Path anyPath() {
      return anyDirectory().resolve("" + random.nextInt(3));
    }

    void step() throws IOException {
      Path path = anyPath();
      if (random.nextInt(5) == 0) {
        sync(anyDirectory());
      } else if (!files.containsKey(path)) {
        Blocks.write(disk, path, ++created);
        put(path, created);
      } else if (random.nextInt(5) == 0) {
        disk.delete(path);
        files.remove(path);
      } else {
        Path to = anyPath();
        disk.rename(path, to);
        put(to, files.remove(path));
      }
    }

    private void put(Path path, int value) {
      files.put(path, value);
      unsynced.get(path.getParent()).add(value);
    }

    private void sync(Path directory) throws IOException {
      disk.syncDirectory(directory);
      durable.addAll(unsynced.get(directory));
      unsynced.get(directory).clear();
    }

    void check(Survival survival, int seed) throws IOException {
      String left = " " + files(disk.afterCrash(survival, seed)) + " ";
      for (Integer value : files.values()) {
        assertTrue(
            !durable.contains(value) || left.contains("=" + value + " "),
            () -> value + " is lost, seed " + seed + ":" + left + disk.history());
      }
    }
  }
}
