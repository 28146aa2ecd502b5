package dev.quarry;

import dev.quarry.segment.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Random histories of every operation, on real files, against a plain map. */
class BlobStoreModelTest {

  @Property(tries = 60)
  void aDurableStoreIsAMap(@ForAll("histories") List<Step> steps) throws IOException {
    run(TestStores.small(StoreMode.DURABLE), steps);
  }

  @Property(tries = 60)
  void aCacheThatDoesNotEvictIsAMap(@ForAll("histories") List<Step> steps) throws IOException {
    run(TestStores.small(StoreMode.CACHE), steps);
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any().list().ofMinSize(1).ofMaxSize(120);
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

  private static void run(BlobStoreOptions options, List<Step> steps) throws IOException {
    Path directory = Files.createTempDirectory("quarry-model");
    Environment environment = TestStores.threaded(new FileSystemDisk());
    StoreModel model = new StoreModel();
    BlobStore store = BlobStore.open(directory, options, environment);
    try {
      for (Step step : steps) {
        if (step.kind() == Step.Kind.REOPEN) {
          store.close();
          store = BlobStore.open(directory, options, environment);
          model.checkAll(store);
        } else {
          model.run(step, store);
        }
      }
      model.checkAll(store);
      model.checkKeys(store, KeyRange.all());
    } finally {
      store.close();
      delete(directory);
    }
  }

  static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
