package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Random histories of every operation against a plain map, with threads on real files and without.
 */
class BlobStoreModelTest {

  private static final Path ROOT = Path.of("/store");

  @Property(tries = 60)
  void aDurableStoreIsAMap(@ForAll("histories") List<Step> steps, @ForAll long seed)
      throws IOException {
    run(TestStores.busy(StoreMode.DURABLE, new Random(seed)), steps);
  }

  @Property(tries = 40)
  void aCacheThatDoesNotEvictIsAMap(@ForAll("histories") List<Step> steps) throws IOException {
    run(TestStores.small(StoreMode.CACHE), steps);
  }

  @Property(tries = 30)
  void aVerificationThatIsLessChangesNothing(
      @ForAll("histories") List<Step> steps,
      @ForAll("verifications") BlobStoreOptions.Verification v)
      throws IOException {
    run(TestStores.small(StoreMode.CACHE).toBuilder().verification(v).build(), steps);
  }

  @Provide
  Arbitrary<BlobStoreOptions.Verification> verifications() {
    return Arbitraries.of(
        BlobStoreOptions.Verification.FIRST_READ, BlobStoreOptions.Verification.NEVER);
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any().list().ofMinSize(1).ofMaxSize(120);
  }

  private static void run(BlobStoreOptions options, List<Step> steps) throws IOException {
    Path directory = Files.createTempDirectory("quarry-model");
    Disk disk = new FileSystemDisk();
    Environment environment = TestStores.threaded(disk);
    StoreModel model = new StoreModel();
    BlobStore store = BlobStore.open(directory, options, environment);
    try {
      for (Step step : steps) {
        if (step.kind() == Step.Kind.REOPEN) {
          store.close();
          StoreInvariants.checkClosed(store, disk, directory);
          store = BlobStore.open(directory, options, environment);
          model.checkAll(store, disk, directory);
        } else {
          model.run(step, store);
        }
      }
      model.checkAll(store, disk, directory);
      model.checkKeys(store, KeyRange.all());
    } finally {
      store.close();
      StoreFixture.delete(directory);
    }
  }

  // ---- without threads ----

  @Property(tries = 150)
  void aDurableStoreThatCompactsIsAMap(
      @ForAll("longHistories") List<Step> steps, @ForAll long seed) {
    BlobStoreOptions options = TestStores.busy(StoreMode.DURABLE, new Random(seed));
    SimulatedDisk disk = new SimulatedDisk(seed);
    BlobStore store = StoreFixture.open(disk, options);
    StoreModel model = new StoreModel();
    for (Step step : steps) {
      if (step.kind() == Step.Kind.REOPEN) {
        store.close();
        StoreInvariants.checkClosed(store, disk, ROOT);
        store = StoreFixture.open(disk, options);
        model.checkAll(store, disk, ROOT);
      } else {
        model.run(step, store);
      }
    }
    model.checkAll(store, disk, ROOT);
    store.close();
    assertEquals(List.of(), disk.openHandles());
  }

  /** Who is missing was evicted, exactly as often as the store says; all else is as it was put. */
  @Property(tries = 200)
  void aCacheIsAMapButForWhatItEvicts(
      @ForAll("longHistories") List<Step> steps, @ForAll long seed) {
    BlobStoreOptions options = TestStores.busy(StoreMode.CACHE, new Random(seed));
    SimulatedDisk disk = new SimulatedDisk(seed);
    BlobStore store = StoreFixture.open(disk, options);
    StoreModel model = new StoreModel();
    for (Step step : steps) {
      long before = 0;
      boolean overwrites = false;
      if (step.kind() == Step.Kind.REOPEN) {
        store.close();
        StoreInvariants.checkClosed(store, disk, ROOT);
        store = StoreFixture.open(disk, options);
      } else {
        before = store.stats().evictions();
        overwrites = step.isWrite() && model.get(step.keyBytes()) != null;
        model.runInCache(step, store);
      }
      long evicted = store.stats().evictions() - before;
      long gone = model.forgetEvicted(store);
      assertTrue(
          gone <= evicted && evicted <= gone + (overwrites ? 1 : 0),
          () -> evicted + " evictions, but " + gone + " keys are gone, after " + step);
      if (step.kind() == Step.Kind.REOPEN || step.kind() == Step.Kind.SYNC) {
        model.checkAll(store, disk, ROOT);
      }
      assertTrue(segmentBytes(disk) <= options.maxBytes(), "the bound is kept");
    }
    model.checkAll(store, disk, ROOT);
    store.close();
    assertEquals(List.of(), disk.openHandles());
  }

  private static long segmentBytes(SimulatedDisk disk) {
    try {
      long sum = 0;
      for (String name : disk.list(ROOT.resolve("segments"))) {
        sum += disk.size(ROOT.resolve("segments").resolve(name));
      }
      return sum;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The key index needs real files, and a mapping that a view was made of is left to the JVM. */
  private static boolean fitsASimulatedDisk(Step step) {
    return step.kind() != Step.Kind.KEYS && step.kind() != Step.Kind.VIEW;
  }

  @Provide
  Arbitrary<List<Step>> longHistories() {
    return Step.any().filter(BlobStoreModelTest::fitsASimulatedDisk).list().ofMaxSize(250);
  }

  /** With threads, what is evicted while a step is made is not told apart; its number is. */
  @Property(tries = 40)
  void aCacheWithThreadsHasTheNewestValuesAndLosesNoMoreThanItEvicts(
      @ForAll("histories") List<Step> steps, @ForAll long seed) throws IOException {
    BlobStoreOptions options = TestStores.busy(StoreMode.CACHE, new Random(seed));
    Path directory = Files.createTempDirectory("quarry-model");
    Disk disk = new FileSystemDisk();
    Environment environment = TestStores.threaded(disk);
    BlobStore store = BlobStore.open(directory, options, environment);
    StoreModel model = new StoreModel();
    try {
      long gone = 0;
      for (Step step : steps) {
        if (step.kind() == Step.Kind.REOPEN) {
          store.close();
          StoreInvariants.checkClosed(store, disk, directory);
          store = BlobStore.open(directory, options, environment);
          gone = 0;
          model.forgetEvicted(store); // some of them since their number was last asked for
        } else if (step.isWrite()) {
          model.runInCache(step, store);
        } else {
          model.checkNewestOrNone(step.keyBytes(), store);
        }
        gone += model.forgetEvicted(store);
        StoreModel.assertEvicted(gone, store);
      }
      for (int key = 0; key < Step.KEYS; key++) {
        model.checkNewestOrNone(Step.keyBytes(key), store);
      }
      StoreInvariants.check(store, disk, directory);
    } finally {
      store.close();
      StoreFixture.delete(directory);
    }
  }
}
