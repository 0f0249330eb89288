"""The only place that knows DynamoDB: keys, rows, and one store per entity."""
