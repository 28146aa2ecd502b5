package dev.quarry.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a checkout of its own, with a Maven that only takes notes. */
@Tag("slow")
class LauncherTest {

  @TempDir Path directory;
  private Path root;
  private Path bin;
  private Path source;

  @BeforeEach
  void makeCheckout() throws IOException {
    directory = directory.toRealPath();
    root = Files.createDirectory(directory.resolve("a checkout"));
    bin = Files.createDirectory(directory.resolve("bin"));
    for (String module : List.of("segment", "bloom", "wal", "index", "engine", "segments-tool")) {
      Files.createDirectories(root.resolve(module).resolve("src/main"));
      Files.createDirectories(root.resolve(module).resolve("src/test"));
      Files.writeString(root.resolve(module).resolve("pom.xml"), "");
    }
    Files.writeString(root.resolve("pom.xml"), "");
    source = Files.writeString(root.resolve("engine/src/main/A.java"), "");
    Files.copy(Path.of("..", "quarry"), root.resolve("quarry"), StandardCopyOption.COPY_ATTRIBUTES);
    script(bin.resolve("mvn"), maven());
    makeJar(directory.resolve("echo.jar"));
  }

  @Test
  void theFirstUseBuildsAndTheNextDoesNot() throws Exception {
    Ran first = launch("a");
    assertEquals("[a]\n", first.out);
    assertEquals(1, first.error.lines().count(), first.error);
    assertTrue(first.error.startsWith("quarry: building, once; this takes "), first.error);

    Ran second = launch("b");
    assertEquals("[b]\n", second.out);
    assertEquals("", second.error);
    assertEquals(1, builds());
  }

  @Test
  void aNewerSourceOrPomIsBuilt() throws Exception {
    launch();
    for (Path changed : List.of(source, root.resolve("pom.xml"))) {
      age(Instant.now().minusSeconds(3_600));
      Files.setLastModifiedTime(changed, FileTime.from(Instant.now().minusSeconds(60)));

      assertTrue(launch().error.startsWith("quarry: building, as sources have changed"));
      assertEquals("", launch().error);
    }
    assertEquals(3, builds());
  }

  @Test
  void aSourceThatIsNewerThanTheJarButNotThanTheBuildIsNotBuiltAgain() throws Exception {
    launch();
    Path jar = root.resolve("segments-tool/target/quarry.jar");
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(3_600)));
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().minusSeconds(60)));

    assertEquals("", launch().error);
  }

  @Test
  void changedTestsAreNotBuilt() throws Exception {
    launch();
    age(Instant.now().minusSeconds(60));
    Files.writeString(root.resolve("engine/src/test/ATest.java"), "");

    assertEquals("", launch().error);
  }

  @Test
  void aBuildThatFailsShowsItsOutput() throws Exception {
    Files.writeString(directory.resolve("break"), "");

    Ran ran = launch("a");

    assertEquals(1, ran.code);
    assertEquals("", ran.out);
    assertTrue(ran.error.contains("noise of the build\nquarry: the build failed\n"), ran.error);
  }

  @Test
  void severalFirstUsesAtOnceAllWork() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/flock")));
    Path caller = directory.resolve("caller");
    String one = "'" + root.resolve("quarry") + "'";
    script(caller, String.format("#!/bin/sh\n%s a & %s b & %s c\nwait\n", one, one, one));

    Ran ran = run(directory, Map.of(), caller.toString());

    assertEquals(List.of("[a]", "[b]", "[c]"), ran.out.lines().sorted().toList());
    assertEquals(1, builds());
  }

  @Test
  void itWorksThroughLinksFromAnyDirectory() throws Exception {
    Path links = Files.createDirectory(directory.resolve("links"));
    Files.createSymbolicLink(links.resolve("one"), Path.of("../a checkout/quarry"));
    Files.createSymbolicLink(links.resolve("two"), links.resolve("one"));

    Ran ran = run(links, Map.of(), "./two", "a");

    assertEquals("[a]\n", ran.out);
  }

  @Test
  void argumentsAndExitCodesArePassedOn() throws Exception {
    launch();

    Ran ran = launch("a b", "", "*", "$HOME", "fail");

    assertEquals("[a b]\n[]\n[*]\n[$HOME]\n[fail]\n", ran.out);
    assertEquals(7, ran.code);
  }

  @Test
  void argumentsAreUtf8WhateverTheLocaleSays() throws Exception {
    Path caller = directory.resolve("caller");
    script(caller, "#!/bin/sh\nexec '" + root.resolve("quarry") + "' 'ключ'\n");

    for (String locale : List.of("C", "POSIX", "")) {
      assertEquals(
          "[ключ]\n", run(directory, Map.of("LC_ALL", locale, "LANG", ""), caller + "").out);
    }
  }

  @Test
  void aMissingJavaOrMavenIsReported() throws Exception {
    Map<String, String> noJava = Map.of("JAVA_HOME", "/nowhere");
    assertEquals(
        "quarry: there is no bin/java in JAVA_HOME, /nowhere\n",
        run(directory, noJava, root + "/quarry").error);

    Files.delete(bin.resolve("mvn"));
    for (String tool : List.of("sh", "dirname", "readlink", "find")) {
      Files.createSymbolicLink(bin.resolve(tool), which(tool));
    }
    Ran ran = run(directory, Map.of("PATH", bin.toString()), root + "/quarry");
    assertEquals(1, ran.code);
    assertTrue(ran.error.startsWith("quarry: mvn was not found"), ran.error);
  }

  @Test
  void flagsAreGivenOnlyToJavaVersionsThatHaveThem() throws Exception {
    launch();
    Path home = Files.createDirectories(directory.resolve("jdk/bin")).getParent();
    script(home.resolve("bin/java"), "#!/bin/sh\necho \"$@\"\n");

    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    Ran newer = run(directory, Map.of("JAVA_HOME", home.toString()), root + "/quarry");
    assertTrue(newer.out.startsWith("--sun-misc-unsafe-memory-access=allow "), newer.out);

    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
    Ran floor = run(directory, Map.of("JAVA_HOME", home.toString()), root + "/quarry");
    assertFalse(floor.out.contains("unsafe"), floor.out);

    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Ran old = run(directory, Map.of("JAVA_HOME", home.toString()), root + "/quarry");
    assertEquals(1, old.code);
    assertTrue(old.error.contains("Java 17 or newer is needed"), old.error);
  }

  @Test
  void theReasonsOfFailuresComeInEnglishWhateverTheLocaleSays() throws Exception {
    launch();
    Path home = Files.createDirectories(directory.resolve("jdk/bin")).getParent();
    script(home.resolve("bin/java"), "#!/bin/sh\necho \"$LC_ALL,$LC_CTYPE,$LC_MESSAGES\"\n");
    Map<String, String> locale = new HashMap<>(Map.of("JAVA_HOME", home.toString()));

    locale.putAll(Map.of("LC_ALL", "de_DE.UTF-8", "LC_MESSAGES", "de_DE.UTF-8"));
    assertEquals(",de_DE.UTF-8,C\n", run(directory, locale, root + "/quarry").out);

    locale.put("LC_ALL", "de_DE");
    assertTrue(run(directory, locale, root + "/quarry").out.startsWith("C.UTF-8,"));
  }

  private String maven() {
    return """
        #!/bin/sh
        echo "$@" >> "%1$s/mvn.log"
        echo "noise of the build"
        [ ! -e "%1$s/break" ] || exit 1
        mkdir -p "%2$s/segments-tool/target"
        cp "%1$s/echo.jar" "%2$s/segments-tool/target/quarry.jar"
        """
        .formatted(directory, root);
  }

  private record Ran(int code, String out, String error) {}

  private Ran launch(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = root.resolve("quarry").toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return run(directory, Map.of(), command);
  }

  private Ran run(Path from, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path error = Files.createTempFile(directory, "error", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(from.toFile())
            .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectError(error.toFile());
    builder.environment().put("PATH", bin + ":" + System.getenv("PATH"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), out, Files.readString(error));
  }

  private long builds() throws IOException {
    return Files.readAllLines(directory.resolve("mvn.log")).size();
  }

  /** Makes everything in the checkout, what was built included, as old as that. */
  private void age(Instant time) throws IOException {
    try (var paths = Files.walk(root)) {
      for (Path path : paths.toList()) {
        Files.setLastModifiedTime(path, FileTime.from(time));
      }
    }
  }

  private static Path which(String tool) {
    return List.of("/bin", "/usr/bin").stream()
        .map(place -> Path.of(place, tool))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertTrue(file.toFile().setExecutable(true));
  }

  private static void makeJar(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, EchoMain.class.getName());
    String name = EchoMain.class.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest);
        InputStream in = EchoMain.class.getClassLoader().getResourceAsStream(name)) {
      out.putNextEntry(new ZipEntry(name));
      in.transferTo(out);
    }
  }
}
