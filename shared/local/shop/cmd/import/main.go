// Command import sends a file as events to a running stack: `make import FILE= FORMAT=`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/local/shop"
	"github.com/userops/userops/shared/local/shop/format"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "import:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	file := flag.String("file", os.Getenv("FILE"), "the file to send, packed by gzip or not")
	name := flag.String("format", os.Getenv("FORMAT"), "its layout: "+format.Formats())
	code := flag.String("currency", os.Getenv("CURRENCY"), "the currency of its amounts; empty: the shop's own")
	flag.Parse()
	if *file == "" {
		return errors.New("no file is named: make import FILE=path FORMAT=" + cmpFormat(*name))
	}
	layout, err := format.Parse(*name)
	if err != nil {
		return err
	}
	var currency money.Currency
	if *code != "" {
		if currency, err = money.ParseCurrency(*code); err != nil {
			return fmt.Errorf("CURRENCY %w", err)
		}
	}
	client, progress := shop.New(), shop.NewProgress(os.Stdout)
	client.Notice = progress.Notice
	account, err := shop.Import{Client: client, Progress: progress, File: *file, Format: layout, Currency: currency}.Run(ctx)
	if err != nil {
		return err
	}
	account.Print(os.Stdout)
	if account.Dead > 0 {
		return errors.New("jobs were dead-lettered while the file was projected")
	}
	return nil
}

func cmpFormat(name string) string {
	if name == "" {
		return "name"
	}
	return name
}
