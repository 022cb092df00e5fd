// A probe: answers connections, asks for answers, and keeps asking. `probe serve tcp:8080 udp:8081` answers;
// `probe ask tcp@10.0.0.1:8080 dns-udp@10.96.0.10:53` asks a few times and says what came of it, as JSON;
// `probe watch name=tcp@10.0.0.1:8080` asks without end, and `probe report <since, in ms>` in the same pod says what it saw.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	commands := map[string]func([]string) error{"serve": serve, "ask": ask, "watch": watch, "report": report, "pause": pause}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: probe serve|ask|watch|report|pause ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pause waits to be told to end, as the first process of a pod does.
func pause([]string) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
	return nil
}
