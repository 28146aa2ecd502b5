package dev.quarry.crash.planted;

import com.github.difflib.patch.PatchFailedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Plants bugs: compiles changed copies of the source files concerned. Nothing of the checkout is
 * touched. Not safe for use by several threads.
 */
final class Planting implements Closeable {

  private final Path checkout;
  private final String classPath;
  private final JavaCompiler compiler;
  private final StandardJavaFileManager files;

  /**
   * @param classPath holds the product as it was built, and what it needs
   */
  Planting(Path checkout, String classPath) {
    this.checkout = checkout;
    this.classPath = classPath;
    this.compiler =
        Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "this JVM has no compiler");
    this.files = compiler.getStandardFileManager(null, null, null);
  }

  /**
   * Makes the classes of a plant.
   *
   * @param to a directory for them
   * @return where they are; to be put in front of a class path
   * @throws PlantingException if the patch does not apply any more, or not compile
   */
  Path plant(Plant plant, Path to) throws IOException {
    List<Path> sources = new ArrayList<>();
    for (SourcePatch patch : plant.patches()) {
      try {
        sources.add(patch.apply(checkout, to.resolve("src")));
      } catch (PatchFailedException e) {
        throw new PlantingException(
            plant.name() + " does not apply to " + patch.file() + " any more: " + e.getMessage(),
            e);
      }
    }
    Path classes = Files.createDirectories(to.resolve("classes"));
    compile(plant, sources, classes);
    return classes;
  }

  private void compile(Plant plant, List<Path> sources, Path classes) {
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    List<String> options =
        List.of("-proc:none", "-nowarn", "-g", "-cp", classPath, "-d", classes.toString());
    boolean compiled =
        compiler
            .getTask(
                null, files, diagnostics, options, null, files.getJavaFileObjectsFromPaths(sources))
            .call();
    if (!compiled) {
      throw new PlantingException(
          plant.name() + " does not compile: " + errors(diagnostics.getDiagnostics()), null);
    }
  }

  private static String errors(List<Diagnostic<? extends JavaFileObject>> diagnostics) {
    return diagnostics.stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(each -> each.getLineNumber() + ": " + each.getMessage(null))
        .collect(Collectors.joining("; "));
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
