// Command demo plays a small shop on a running stack and prints what came out: `make demo`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/play"
)

const help = `demo plays a small shop on a running stack and prints what came out. It takes no arguments. From the environment:

  GATEWAY_ADDR   where the stack listens: host:port or a URL (127.0.0.1:8080)
  SERVER_KEY     its server key (demo-server-key)
  OPERATOR_KEY   its operator key (demo-operator-key)

The values in brackets are those of make run. Playing it again sends the same events, which changes nothing.
`

func main() {
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), help) }
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	client, progress := shop.New(), shop.NewProgress(os.Stdout)
	client.Notice = progress.Notice
	p := &play.Play{Client: client, Progress: progress, Out: os.Stdout, Seed: play.Seed, Now: time.Now}
	err := p.Perform(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
