Console.WriteLine("trade-ingest");
