package dev.quarry.tool;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Stands for the tool where the launcher is tested: prints its arguments, a line each. */
public final class EchoMain {

  private EchoMain() {}

  public static void main(String[] arguments) {
    for (String argument : arguments) {
      System.out.writeBytes(("[" + argument + "]\n").getBytes(StandardCharsets.UTF_8));
    }
    System.exit(List.of(arguments).contains("fail") ? 7 : 0);
  }
}
