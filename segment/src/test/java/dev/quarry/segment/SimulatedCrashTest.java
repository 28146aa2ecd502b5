package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a crash of the simulated disk may leave of files, and what it must. */
class SimulatedCrashTest {

  private static final int BLOCK = Disk.BLOCK;
  private static final int SEEDS = 300;
  private static final Path A = Path.of("/a");
  private static final Path B = Path.of("/b");

  private final SimulatedDisk disk = new SimulatedDisk();

  /** A durable file that reads "1 2". */
  @BeforeEach
  void createFile() throws IOException {
    Blocks.write(disk, A, 1, 2);
    disk.syncDirectory(Path.of("/"));
  }

  /** Every content that the crash may leave, by the first byte of each block. */
  private static Set<String> left(SimulatedDisk crashed, Survival survival, Path path)
      throws IOException {
    Set<String> left = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      left.add(Blocks.values(crashed.afterCrash(survival, seed), path));
    }
    return left;
  }

  private static void write(DiskFile file, int block, int... values) throws IOException {
    file.write(Blocks.of(values), block * (long) BLOCK);
  }

  @ParameterizedTest
  @EnumSource
  void whatWasForcedSurvives(Survival survival) throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 1, 3, 4);
      file.force();
    }
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk after = disk.afterCrash(survival, seed);
      assertArrayEquals(Blocks.read(disk, A), Blocks.read(after, A), "seed " + seed);
    }
  }

  @Test
  void unforcedWritesMaySurviveOrNot() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3);
      write(file, 1, 4);
      write(file, 2, 5);
    }
    assertEquals(Set.of("1 2"), left(disk, Survival.NONE, A));
    assertEquals(Set.of("3 4 5"), left(disk, Survival.ALL, A));
    assertEquals(Set.of("1 2", "3 2", "3 4", "3 4 5"), left(disk, Survival.PREFIX, A));
    assertEquals(
        Set.of("1 2", "3 2", "1 4", "3 4", "1 2 5", "3 2 5", "1 4 5", "3 4 5"),
        left(disk, Survival.SUBSET, A));
    assertTrue(
        left(disk, Survival.RANDOM, A)
            .containsAll(Set.of("1 2", "3 2", "3 4", "3 4 5", "1 4", "1 4 5")));
  }

  @Test
  void theRunningProcessSeesTheNewestContent() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3);
      write(file, 0, 4);
      write(file, 3, 5);
      assertEquals("4 2 0 5", Blocks.values(disk, A));
    }
  }

  @Test
  void eachSectorMayBeOfAnyVersionSinceTheLastForce() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 1, 3);
      file.force();
      write(file, 1, 4);
      write(file, 1, 5);
    }
    Set<List<Integer>> blocks = new HashSet<>();
    Set<Integer> versions = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] bytes = Blocks.read(disk.afterCrash(Survival.TORN, seed), A);
      assertEquals(2 * BLOCK, bytes.length);
      List<Integer> sectors = sectors(bytes, 1);
      blocks.add(sectors);
      versions.addAll(sectors);
      assertEquals(List.of(1, 1, 1, 1, 1, 1, 1, 1), sectors(bytes, 0));
    }
    assertEquals(Set.of(3, 4, 5), versions);
    assertTrue(blocks.size() > SEEDS / 3, "only " + blocks.size() + " different blocks");
  }

  /** The value of each sector of a block, all of whose bytes must be the same. */
  private static List<Integer> sectors(byte[] bytes, int block) {
    Integer[] values = new Integer[BLOCK / Content.SECTOR];
    for (int at = 0; at < BLOCK; at++) {
      int value = bytes[block * BLOCK + at];
      Integer first = values[at / Content.SECTOR];
      assertTrue(first == null || first == value, "a sector is torn");
      values[at / Content.SECTOR] = value;
    }
    return List.of(values);
  }

  @Test
  void theSizeMayBeAnythingFromTheDurableToTheWritten() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 2, 3, 4);
    }
    Set<Long> sizes = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk after = disk.afterCrash(Survival.TORN, seed);
      sizes.add(after.size(A));
      for (byte value : Blocks.read(after, A)) {
        assertTrue(value >= 0 && value <= 4);
      }
    }
    Set<Long> expected = new TreeSet<>();
    for (long size = 2 * BLOCK; size <= 4 * BLOCK; size += Content.SECTOR) {
      expected.add(size);
    }
    assertEquals(expected, sizes);
  }

  @Test
  void aSectorWhoseWriteIsLostReadsAsZeroWhereTheFileGrew() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 2, 3);
    }
    Set<Integer> values = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] bytes = Blocks.read(disk.afterCrash(Survival.TORN, seed), A);
      if (bytes.length == 3 * BLOCK) {
        values.addAll(sectors(bytes, 2));
      }
    }
    assertEquals(Set.of(0, 3), values);
  }

  @Test
  void aFileThatEndsInsideABlockGrowsWithZeros() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 1, 3, 4);
    }
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk after = disk.afterCrash(Survival.TORN, seed);
      int end = (int) after.size(A);
      try (DiskFile file = after.open(A)) {
        write(file, 3, 5);
      }
      byte[] bytes = Blocks.read(after, A);
      for (int at = end; at < 3 * BLOCK; at++) {
        assertEquals(0, bytes[at]);
      }
    }
  }

  @Test
  void anUnforcedCutMaySurviveOrNot() throws IOException {
    try (DiskFile file = disk.open(A)) {
      file.truncate(BLOCK);
      assertEquals(Set.of("1 2"), left(disk, Survival.NONE, A));
      assertEquals(Set.of("1"), left(disk, Survival.ALL, A));
      write(file, 2, 3);
      assertEquals(Set.of("1 2", "1", "1 2 3", "1 0 3"), left(disk, Survival.SUBSET, A));
      file.force();
      assertEquals(Set.of("1 0 3"), left(disk, Survival.RANDOM, A));
    }
  }

  @Test
  void aForceCoversItsFileOnly() throws IOException {
    Blocks.write(disk, B, 5);
    disk.syncDirectory(Path.of("/"));
    try (DiskFile a = disk.open(A);
        DiskFile b = disk.open(B)) {
      write(a, 0, 3);
      write(b, 0, 6);
      b.force();
    }
    assertEquals(Set.of("1 2"), left(disk, Survival.NONE, A));
    assertEquals(Set.of("6"), left(disk, Survival.NONE, B));
  }

  @Test
  void aForceThroughAnyHandleCoversTheWholeFile() throws IOException {
    try (DiskFile one = disk.open(A);
        DiskFile other = disk.open(A)) {
      write(one, 0, 3);
      other.force();
    }
    assertEquals(Set.of("3 2"), left(disk, Survival.NONE, A));
  }

  @Test
  void afterAFailedForceAGoodOneLosesTheData() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3, 4, 5);
      disk.failAt(disk.ioCalls() + 1, () -> new IOException("Input/output error"));
      assertThrows(IOException.class, file::force);
      assertEquals("3 4 5", Blocks.values(disk, A));
      file.force();
      assertEquals("3 4 5", Blocks.values(disk, A));
      assertEquals(Set.of("1 2"), left(disk, Survival.NONE, A));
      write(file, 1, 6);
      file.force();
      write(file, 1, 7);
    }
    assertEquals("3 7 5", Blocks.values(disk, A));
    assertEquals(Set.of("1 6"), left(disk, Survival.NONE, A));
    assertEquals(Set.of("3 7 5"), left(disk, Survival.ALL, A));
    assertEquals(Set.of("1 6", "3 6 5", "1 7", "3 7 5"), left(disk, Survival.SUBSET, A));
    Set<String> torn = left(disk, Survival.TORN, A);
    assertTrue(torn.containsAll(Set.of("1 6", "3 6", "3 7 5", "1 6 0")), torn.toString());
    assertTrue(torn.stream().noneMatch(values -> values.matches(". [24].*")), torn.toString());
  }

  @Test
  void aCrashingWriteReachesAnySectors() throws IOException {
    Set<List<Integer>> blocks = new HashSet<>();
    Set<Long> sizes = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk crashing = new SimulatedDisk(seed);
      try (DiskFile file = crashing.create(A)) {
        write(file, 0, 1);
        crashing.crashAt(crashing.ioCalls() + 1);
        assertThrows(SimulatedCrashException.class, () -> write(file, 0, 2, 3));
      }
      byte[] bytes = Blocks.read(crashing.afterCrash(Survival.ALL, 0), A);
      blocks.add(sectors(bytes, 0));
      sizes.add((long) bytes.length);
    }
    assertTrue(blocks.contains(List.of(1, 1, 1, 1, 1, 1, 1, 1)));
    assertTrue(blocks.contains(List.of(2, 2, 2, 2, 2, 2, 2, 2)));
    assertTrue(blocks.size() > SEEDS / 4, "only " + blocks.size() + " different blocks");
    assertEquals(9, sizes.size());
  }

  @Test
  void aCrashInAForceLeavesTheWritesUnforced() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3);
      disk.crashAt(disk.ioCalls() + 1);
      assertThrows(SimulatedCrashException.class, file::force);
    }
    assertEquals(Set.of("1 2", "3 2"), left(disk, Survival.SUBSET, A));
  }

  @Test
  void thePrefixRunsAcrossFiles() throws IOException {
    Blocks.write(disk, B, 5);
    disk.syncDirectory(Path.of("/"));
    try (DiskFile a = disk.open(A);
        DiskFile b = disk.open(B)) {
      write(a, 0, 3);
      write(b, 0, 6);
      write(a, 0, 4);
    }
    Set<String> left = new TreeSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk after = disk.afterCrash(Survival.PREFIX, seed);
      left.add(Blocks.values(after, A) + ", " + Blocks.values(after, B));
    }
    assertEquals(Set.of("1 2, 5", "3 2, 5", "3 2, 6", "4 2, 6"), left);
  }

  @ParameterizedTest
  @EnumSource
  void theSameSeedLeavesTheSame(Survival survival) throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3, 4);
      write(file, 2, 5, 6, 7);
      file.truncate(BLOCK);
      write(file, 1, 8);
    }
    Blocks.write(disk, B, 1);
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk once = disk.afterCrash(survival, seed);
      SimulatedDisk again = disk.afterCrash(survival, seed);
      assertEquals(once.list(Path.of("/")), again.list(Path.of("/")));
      assertArrayEquals(Blocks.read(once, A), Blocks.read(again, A));
    }
    assertEquals("3 8", Blocks.values(disk, A));
  }

  @Test
  void theDiskAfterACrashIsDurableAndRunsOnItsOwn() throws IOException {
    try (DiskFile file = disk.open(A)) {
      write(file, 0, 3);
    }
    disk.lock(B);
    SimulatedDisk after = disk.afterCrash(Survival.ALL, 1);
    assertEquals(0, after.ioCalls());
    assertEquals(List.of(), after.openHandles());
    after.lock(B).close();
    assertEquals(Set.of("3 2"), left(after, Survival.NONE, A));
    try (DiskFile file = after.open(A)) {
      write(file, 1, 9);
      file.force();
    }
    after.delete(B);
    assertEquals("3 2", Blocks.values(disk, A));
    assertTrue(disk.exists(B));
    assertEquals(Set.of("3 9"), left(after, Survival.NONE, A));
  }
}
