package dev.quarry.crash.planted;

import java.nio.file.Path;

/**
 * A class of tests that {@code mvn verify} runs.
 *
 * @param module the folder of its module
 * @param name its full name
 */
record TestClass(String module, String name) {

  /** Reads {@code module/full.name.of.Class}. */
  static TestClass parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash == text.length() - 1) {
      throw new IllegalArgumentException("\"" + text + "\" is not module/full.name.of.Class");
    }
    return new TestClass(text.substring(0, slash), text.substring(slash + 1));
  }

  /** Its source. */
  Path source(Path checkout) {
    return checkout
        .resolve(module)
        .resolve("src/test/java")
        .resolve(name.replace('.', '/') + ".java");
  }
}
