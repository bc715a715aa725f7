# Databricks notebook source
mode = dbutils.widgets.get("mode")
day = dbutils.widgets.get("day")
