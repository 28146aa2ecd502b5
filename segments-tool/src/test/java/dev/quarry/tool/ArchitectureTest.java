package dev.quarry.tool;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import dev.quarry.BlobStore;
import dev.quarry.bloom.BlockedBloomFilter;
import dev.quarry.index.ShardedIndex;
import dev.quarry.segment.Disk;
import dev.quarry.tool.planted.Planted;
import dev.quarry.wal.GroupCommit;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The floors of the store, and the classes that alone may use certain things. Modules are told
 * apart by where their class files lie, as two of them share a package.
 */
class ArchitectureTest {

  /** The modules, each with what it may stand on. */
  @SuppressWarnings("ImmutableEnumChecker") // its list is
  enum Module {
    SEGMENT(Disk.class),
    BLOOM(BlockedBloomFilter.class),
    WAL(GroupCommit.class, SEGMENT),
    INDEX(ShardedIndex.class, SEGMENT, BLOOM),
    ENGINE(BlobStore.class, SEGMENT, BLOOM, WAL, INDEX),
    TOOL(Quarry.class, SEGMENT, ENGINE);

    private final String location;
    private final List<Module> floors;

    Module(Class<?> member, Module... floors) {
      this.location = member.getProtectionDomain().getCodeSource().getLocation().toString();
      this.floors = List.of(floors);
    }

    DescribedPredicate<JavaClass> classes() {
      String path = URI.create(location).getPath();
      return DescribedPredicate.describe(
          "are in module " + this,
          type ->
              type.getBaseComponentType()
                  .getSource()
                  .filter(source -> source.getUri().toString().contains(path))
                  .isPresent());
    }

    /** Everything of Quarry's that this module must not know of. */
    DescribedPredicate<JavaClass> forbidden() {
      DescribedPredicate<JavaClass> forbidden =
          resideInAPackage("dev.quarry..").and(not(classes()));
      for (Module floor : floors) {
        forbidden = forbidden.and(not(floor.classes()));
      }
      return forbidden.as("are in modules that " + this + " does not stand on");
    }
  }

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importLocations(
              Arrays.stream(Module.values())
                  .map(module -> Location.of(URI.create(module.location)))
                  .toList());

  private static final JavaClasses PLANTED = new ClassFileImporter().importClasses(Planted.class);

  private static final DescribedPredicate<JavaClass> STORE = not(Module.TOOL.classes());

  @ParameterizedTest
  @EnumSource
  void aModuleHasClasses(Module module) {
    assertTrue(CLASSES.stream().anyMatch(module.classes()), module::toString);
  }

  @ParameterizedTest
  @EnumSource
  void aModuleStandsOnlyOnTheFloorsBelowIt(Module module) {
    assertHolds(arrows(module.classes(), module));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"ENGINE", "TOOL"})
  void anArrowThatPointsUpIsNoticed(Module module) {
    assertNotices(arrows(resideInAPackage("dev.quarry.tool.planted"), module));
  }

  private static ArchRule arrows(DescribedPredicate<JavaClass> from, Module module) {
    return noClasses().that(from).should().dependOnClassesThat(module.forbidden());
  }

  @Test
  void onlyOneClassUsesRocksDb() {
    assertHolds(only(STORE, "org.rocksdb..", "dev.quarry.index.keys.RocksDatabase"));
    assertUses("dev.quarry.index.keys.RocksDatabase", resideInAPackage("org.rocksdb.."));
    assertNotices(only(STORE, "org.rocksdb..", "dev.quarry.index.keys.RocksDatabase"));
  }

  @Test
  void onlyOneClassHashesKeys() {
    assertHolds(only(STORE, "net.openhft.hashing..", "dev.quarry.segment.Xxh3KeyHash"));
    assertUses("dev.quarry.segment.Xxh3KeyHash", resideInAPackage("net.openhft.hashing.."));
    assertNotices(only(STORE, "net.openhft.hashing..", "dev.quarry.segment.Xxh3KeyHash"));
  }

  @Test
  void onlyTheHexDumpOfTheToolUsesChronicle() {
    DescribedPredicate<JavaClass> all = DescribedPredicate.alwaysTrue();
    assertHolds(only(all, "net.openhft.chronicle..", "dev.quarry.tool.inspect.HexLines"));
    assertUses("dev.quarry.tool.inspect.HexLines", resideInAPackage("net.openhft.chronicle.."));
    assertNotices(only(all, "net.openhft.chronicle..", "dev.quarry.tool.inspect.HexLines"));
  }

  private static ArchRule only(
      DescribedPredicate<JavaClass> among, String used, String... exceptions) {
    return noClasses()
        .that(among.and(not(oneOf(exceptions))))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(used);
  }

  private static final String INPUT_FILE = "dev.quarry.segment.InputFile";

  /** The disk of the file system and the classes it is made of, and the file that a caller puts. */
  private static final String[] FILE_SYSTEM = {
    "dev.quarry.segment.FileSystemDisk",
    "dev.quarry.segment.DirectFile",
    "dev.quarry.segment.UninterruptedChannel",
    INPUT_FILE,
    "dev.quarry.segment.LockFile",
    "dev.quarry.segment.LockRegistry",
    "dev.quarry.segment.MissingPermission",
    "dev.quarry.segment.LockHolder"
  };

  @Test
  void onlyTheFileSystemDiskTouchesFiles() {
    assertHolds(touchFiles());
    assertUses("dev.quarry.segment.FileSystemDisk", assignableTo(Files.class));
    assertUses("dev.quarry.segment.UninterruptedChannel", assignableTo(FileChannel.class));
    assertNotices(touchFiles());
  }

  private static ArchRule touchFiles() {
    DescribedPredicate<JavaClass> access =
        assignableTo(FileChannel.class)
            .or(assignableTo(AsynchronousFileChannel.class))
            .or(assignableTo(Files.class))
            .or(assignableTo(RandomAccessFile.class))
            .or(resideInAPackage("java.io").and(nameBeginsWith("File")));
    return noClasses()
        .that(STORE.and(not(oneOf(FILE_SYSTEM))))
        .should()
        .dependOnClassesThat(access);
  }

  /** A mapped file that somebody cuts short ends the JVM: nothing but the store's own is mapped. */
  @Test
  void onlyTheFileSystemDiskMapsFiles() {
    String mapper = "dev.quarry.segment.UninterruptedChannel";
    assertHolds(mapFiles(oneOf(mapper)));
    assertTrue(mapFiles(oneOf()).evaluate(CLASSES).hasViolation(), "nobody maps files any more");
    assertNotices(mapFiles(oneOf(mapper)));
    assertHolds(
        noClasses()
            .that(oneOf(INPUT_FILE))
            .should()
            .callMethodWhere(nameOfTarget("map"))
            .because("the files of callers are read"));
  }

  private static ArchRule mapFiles(DescribedPredicate<JavaClass> exception) {
    return noClasses()
        .that(not(exception))
        .should()
        .callMethod(FileChannel.class, "map", FileChannel.MapMode.class, long.class, long.class);
  }

  private static DescribedPredicate<JavaClass> nameBeginsWith(String start) {
    return DescribedPredicate.describe(
        "are named " + start + "...", type -> type.getSimpleName().startsWith(start));
  }

  /** Pauses are measured with a clock that nobody can set; order comes from the log alone. */
  @Test
  void theStoreDoesNotKnowWhatTimeItIs() {
    assertHolds(askForTheTime());
    assertNotices(askForTheTime());
  }

  private static ArchRule askForTheTime() {
    return noClasses()
        .that(STORE.and(not(oneOf(INPUT_FILE)))) // asks whether a caller's file was modified
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethodWhere(nameOfTarget("getLastModifiedTime", "lastModifiedTime", "creationTime"))
        .orShould()
        .dependOnClassesThat(
            assignableTo(Date.class)
                .or(assignableTo(Calendar.class))
                .or(assignableTo(FileTime.class))
                .or(resideInAPackage("java.time..").and(not(assignableTo(Duration.class)))));
  }

  private static DescribedPredicate<JavaMethodCall> nameOfTarget(String... names) {
    return DescribedPredicate.describe(
        "to one of " + String.join(", ", names),
        call -> Arrays.asList(names).contains(call.getTarget().getName()));
  }

  @Test
  void onlyTheStoreCommandsAndTheDemoOpenAStore() {
    DescribedPredicate<JavaClass> others =
        Module.TOOL
            .classes()
            .and(not(resideInAPackage("dev.quarry.tool.store")))
            .and(not(resideInAPackage("dev.quarry.tool.demo")));
    assertHolds(noClasses().that(others).should().dependOnClassesThat(Module.ENGINE.classes()));
    assertNotices(
        noClasses()
            .that(resideInAPackage("dev.quarry.tool.planted"))
            .should()
            .dependOnClassesThat(engineOnClassPath()));
  }

  @Test
  void theSegmentsCommandsNeedNothingButSegments() {
    ArchRule rule =
        noClasses()
            .that(resideInAPackage("dev.quarry.tool.inspect"))
            .should()
            .dependOnClassesThat(
                resideInAPackage("dev.quarry..")
                    .and(not(Module.SEGMENT.classes()))
                    .and(not(resideInAPackage("dev.quarry.tool.inspect")))
                    .and(not(resideInAPackage("dev.quarry.tool.terminal"))));
    assertHolds(rule);
  }

  private static DescribedPredicate<JavaClass> engineOnClassPath() {
    return Module.ENGINE.classes();
  }

  private static DescribedPredicate<JavaClass> oneOf(String... names) {
    return DescribedPredicate.describe(
        "are one of " + String.join(", ", names),
        type -> Arrays.stream(names).anyMatch(type.getName().replaceFirst("\\$.*", "")::equals));
  }

  private static void assertHolds(ArchRule rule) {
    EvaluationResult result = rule.evaluate(CLASSES);
    assertEquals("", String.join("\n", result.getFailureReport().getDetails()));
  }

  private static void assertNotices(ArchRule rule) {
    assertTrue(rule.evaluate(PLANTED).hasViolation(), rule::getDescription);
  }

  /** Whether the class that alone may use something still does, under that name. */
  private static void assertUses(String name, DescribedPredicate<JavaClass> used) {
    assertTrue(
        CLASSES.get(name).getDirectDependenciesFromSelf().stream()
            .anyMatch(dependency -> used.test(dependency.getTargetClass())),
        name);
  }
}
